"""Write down which destinations refuse everything, and hold back what would only be refused as well."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.decisions.delivery.next_step import Rest, next_step, rests_unasked
from gateway.decisions.delivery.refusals import ADMITTED, Admission, admit, after_answer, unasked
from gateway.model.agenda import REFUSED
from gateway.model.cells import REFUSALS
from gateway.model.changes import Changes, Release
from gateway.model.ledger import Ledger, ledger_key
from gateway.model.notification import Answer, Refused
from gateway.model.records import dump
from gateway.model.refusals import Refusals
from gateway.reconcile.context import Context, log
from gateway.reconcile.job import Job, Sender, VersionedRefusals
from gateway.state.transact import commit_claimed, let_go

PROBES_URGENCY = 0  # looked at first: a destination that works again has people waiting


def mark_of(context: Context, secret_names: Iterable[str]) -> str:
    """Mark the values of these credentials and the rules in force: where either changes, it is tried at once."""
    return f"{context.generation} {context.secrets.mark_together(secret_names)}"


def admission_of(job: Job, sender: Sender | Refused) -> Admission:
    """Decide whether something may be sent there now. What cannot be sent at all asks nobody."""
    if isinstance(sender, Refused):
        return ADMITTED
    key = ledger_key(job.incident.id, job.view.target)
    return admit(job.refusals.refusals, sender.endpoint, key, job.versioned.now)


def note_answer(
    job: Job,
    before: Ledger,
    after: Ledger,
    answer: Answer | None,
    known: VersionedRefusals,
    now: int,
    changes: Changes,
) -> Refusals:
    """Add what an answer (None: nothing was sent) says of the destination; return the record as written.

    `before` and `after` are the ledger before and after that answer.
    """
    noted, endpoint = known.refusals, before.endpoint
    if answer is not None and endpoint is not None and endpoint.kind:
        mark = mark_of(job.context, endpoint.secret_names)
        noted = after_answer(noted, endpoint, before.key, answer, mark, now)
    if answer is None and rests_unasked(next_step(after, job.view, now, looks=True)):
        noted = unasked(noted, before.key, now)
    if noted is not known.refusals:
        write_refusals(changes, known, noted, now)
    return noted


async def rest(job: Job, step: Rest) -> None:
    """Give the claim back until the step's time. A question that is not sent any more leaves its place."""
    known, now = job.refusals, job.versioned.now
    after = unasked(known.refusals, job.stored.key, now) if rests_unasked(step) else known.refusals
    if after is known.refusals:
        await let_go(job.context.store, job.claim, step.until)
        return
    changes = Changes(releases=[Release(job.claim, step.until)])
    write_refusals(changes, known, after, now)
    await commit_claimed(job.context.store, job.claim, changes)


def asked_in_vain(refusals: Refusals, before: Ledger, after: Ledger) -> bool:
    """Return whether a dead letter asked and is refused as it was before: the timeline says so already."""
    asked = before.failing_since is not None and bool(refusals.probed_by(before.key))
    return asked and bool(after.dead) and after.error == before.error


def write_refusals(changes: Changes, known: VersionedRefusals, after: Refusals, now: int) -> None:
    """Write the record, and have it looked at at once."""
    changes.expect[REFUSALS] = known.version
    changes.put[REFUSALS] = dump(after)
    changes.schedule(REFUSED, now, PROBES_URGENCY)


def log_changes(before: Refusals, after: Refusals) -> None:
    """Log each destination that refuses everything from now on, and each that takes messages again."""
    for cause, refusal in after.causes.items():
        known = before.causes.get(cause)
        if known is not None and known.works is refusal.works:
            continue
        if refusal.works:
            log.warning("destination_works_again", cause=cause, reason=refusal.reason, since=refusal.since)
        else:
            log.error("destination_refuses", cause=cause, reason=refusal.reason, next_try=refusal.next_try)
