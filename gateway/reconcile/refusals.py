"""Write down which destinations refuse everything, and hold back what would only be refused as well."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.decisions.delivery.refusals import ADMITTED, Admission, admit, after_answer
from gateway.model.agenda import REFUSED
from gateway.model.cells import REFUSALS
from gateway.model.changes import Changes
from gateway.model.ledger import Ledger, ledger_key
from gateway.model.notification import Answer, Refused
from gateway.model.records import dump
from gateway.model.refusals import Refusals
from gateway.reconcile.context import Context, log
from gateway.reconcile.job import Job, Sender, VersionedRefusals

PROBES_URGENCY = 0  # looked at first: a destination that works again has people waiting


def mark_of(context: Context, secret_names: Iterable[str]) -> str:
    """Mark the values of these credentials and the rules in force: where either changes, it is tried at once."""
    values = "\n".join(context.secrets.secret(name) or "" for name in secret_names)
    return f"{context.generation} {context.secrets.mark(values)}"


def admission_of(job: Job, sender: Sender | Refused) -> Admission:
    """Decide whether something may be sent there now. What cannot be sent at all asks nobody."""
    if isinstance(sender, Refused):
        return ADMITTED
    key = ledger_key(job.incident.id, job.view.target)
    return admit(job.refusals.refusals, sender.endpoint, key, job.versioned.now)


def note_answer(
    job: Job, ledger: Ledger, answer: Answer, known: VersionedRefusals, now: int, changes: Changes
) -> Refusals:
    """Add what an answer to the send of this ledger says of its destination; return the record as written."""
    endpoint = ledger.endpoint
    if endpoint is None or not endpoint.kind:
        return known.refusals
    mark = mark_of(job.context, endpoint.secret_names)
    after = after_answer(known.refusals, endpoint, ledger.key, answer, mark, now)
    if after is not known.refusals:
        write_refusals(changes, known, after, now)
    return after


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
