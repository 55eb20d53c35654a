"""Write down what was begun and what came of it.

That is the ledger, the invariant counters, the log entry, the agenda and the released lease.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import msgspec

from gateway.decisions.delivery.call_events import SettledSend
from gateway.decisions.delivery.confirmation import awaiting
from gateway.decisions.delivery.failure import fall_back
from gateway.decisions.delivery.next_step import Rest, at_rest, next_step
from gateway.decisions.delivery.settle import settle
from gateway.decisions.delivery.share import must_be_heard
from gateway.decisions.notification.assumptions import abandoned, assumed
from gateway.decisions.notification.update_limit import settle_update
from gateway.model.agenda import Subject, urgency
from gateway.model.cells import CREDENTIALED, REFUSALS
from gateway.model.changes import Changes, CommitOutcome, LogEntry, Query, Release
from gateway.model.credentialed import LOG
from gateway.model.ledger import Ledger, ledger_cell
from gateway.model.notification import Answer, Delivered
from gateway.model.records import dump, load_ledger
from gateway.model.refusals import Refusals
from gateway.outbound.registry import DESTINATION_KINDS
from gateway.reconcile.booking import book
from gateway.reconcile.content import content_of
from gateway.reconcile.context import log
from gateway.reconcile.job import Job, Sender, VersionedRefusals
from gateway.reconcile.lane_answers import go_on, leave_alone
from gateway.reconcile.observe_send import Sent, observe_send
from gateway.reconcile.refusals import asked_in_vain, log_changes, note_answer
from gateway.reconcile.statistics_record import record_send
from gateway.state.transact import commit_claimed, known_first, transact


class Written(NamedTuple):
    """The ledger with its intent as committed, its version, and the record of refusals as it is then."""

    ledger: Ledger
    version: bytes
    refusals: VersionedRefusals


async def write_intent(job: Job, ledger: Ledger, refusals: Refusals | None = None) -> Written | None:
    """Commit the intent before anything is sent, unless something that it was decided on has changed.

    `refusals` is given where the send asks whether a destination still refuses everything. Return None
    where the commit failed.
    """
    changes = Changes(
        expect=job.versioned.expect(job.incident.id, job.view.target),
        releases=[Release(job.claim, None, hold=True)],
    )
    if ledger.endpoint is not None and ledger.endpoint.kind == LOG:
        # A credential that comes in just now must not find people told by the log alone.
        changes.expect[CREDENTIALED] = job.versioned.versions[CREDENTIALED]
    changes.topics.seen |= job.versioned.topics
    booked = book(job, job.stored, ledger, job.versioned.now, changes)
    if refusals is not None:
        # Only one notification asks: where another replica was quicker with this row,
        # this send is decided anew.
        changes.expect[REFUSALS] = job.versioned.versions[REFUSALS]
        changes.put[REFUSALS] = dump(refusals)
    committed = await commit_claimed(job.context.store, job.claim, changes)
    if committed.outcome is not CommitOutcome.DONE:
        return None
    # The answer is one to the question that has just been written down, if the send is one.
    known = job.refusals if refusals is None else VersionedRefusals(refusals, committed.version)
    return Written(booked, committed.version, known)


async def write_answer(job: Job, sent: Sent, written: Written) -> None:
    """Write the answer down. If a plan changed the ledger meanwhile, the answer is
    applied to the new version.

    Raises `StateUnavailable`.
    """
    notifier = sent.sender.notifier if isinstance(sent.sender, Sender) else None
    looks = job.looks(sent.sender)
    notes = notifier is not None and notifier.takes_notes
    intent = written.ledger.intent
    assert intent is not None
    observe_send(job, sent)
    store = job.context.store
    now = await store.now()
    answer = await leave_alone(job, sent.answer, now)

    def decide(stored: _Stored) -> tuple[Changes | None, tuple[Refusals, Refusals]]:
        before = after = stored.refusals.refusals
        ledger, now = stored.ledger, stored.now
        if ledger is None or ledger.intent is None or ledger.intent.attempt != intent.attempt:
            # The lease was lost: whoever has it now has settled this send, or forgotten the incident
            return None, (before, after)
        settled = settle(ledger, sent.notification, answer, now, looks=looks, notes=notes)
        if ledger.endpoint is not None and job.context.reads(ledger.endpoint.kind):
            settled = awaiting(settled, intent, answer, now)
        settled = settle_update(ledger, settled, answer) if _is_limited(job, ledger) else settled
        if job.view.destination is not None and job.view.destination.fallback:
            settled = fall_back(settled, job.view.destination.fallback_after, now)
        settled = msgspec.structs.replace(settled, content=content_of(ledger, sent))
        known = asked_in_vain(before, ledger, settled)
        changes = _settlement(job, ledger, settled, stored.version, now, looks=looks, known=known)
        if isinstance(answer, Delivered):
            taken = SettledSend(job.view, job.incident, ledger, settled, sent.notification, intent)
            record_send(job.context, taken, changes)
        told = answer if sent.tried else None
        after = note_answer(job, ledger, settled, told, stored.refusals, now, changes)
        return changes, (before, after)

    ours = _Stored(written.ledger, written.version, now, written.refusals)
    done = await transact(store, "answer", known_first(ours, partial(_read_ledger, job)), decide)
    if done.committed is not None:
        log_changes(*done.answer)
    await go_on(job, answer)


def _is_limited(job: Job, ledger: Ledger) -> bool:
    """Return whether updates are limited there; a destination that no rule names any more is known by its
    endpoint.
    """
    if job.view.destination is not None:
        return job.view.destination.via.update_limit is not None
    kind = DESTINATION_KINDS.get(ledger.endpoint.kind) if ledger.endpoint else None
    return kind is not None and kind.integration.update_limit is not None


class _Stored(NamedTuple):
    """The ledger of a job as the store has it (None: no such row), its version, the store's time in ms, and
    the destinations that refuse everything.
    """

    ledger: Ledger | None
    version: bytes
    now: int
    refusals: VersionedRefusals


async def _read_ledger(job: Job) -> _Stored:
    cell = ledger_cell(job.incident.id, job.view.target)
    gathered = await job.context.store.gather(Query(cells=(cell, REFUSALS)))
    row = gathered.rows[cell]
    refusals = VersionedRefusals.of(gathered.rows[REFUSALS])
    return _Stored(load_ledger(row.value) if row.value else None, row.version, gathered.now, refusals)


def _settlement(
    job: Job, before: Ledger, after: Ledger, version: bytes, now: int, *, looks: bool, known: bool = False
) -> Changes:
    """Return what is written at the end of a send or a look: the ledger, the invariant counters, the log
    entry (unless what it would say is `known`) and the released lease.
    """
    cell = ledger_cell(job.incident.id, job.view.target)
    changes = Changes(expect={cell: version})
    book(job, before, after, now, changes)
    troubled = _trouble(before) != _trouble(after)
    if troubled or must_be_heard(before.last_notified, after.last_notified):
        # The plan puts on the agenda what has come up since, as urgent as it is for people who
        # have heard this.
        changes.schedule(Subject.plan(job.incident.id), now, 1)
        if not known and (troubled or after.last_notified.state is not before.last_notified.state):
            said = {"target": after.target, "error": after.error}
            changes.log.append(LogEntry(job.incident.id, _story(after), said))
    elif at_rest(after) and not at_rest(before):
        # Nothing is owed here any more, so a plan looks whether the incident can be forgotten. It is as urgent as the
        # incident: the same subject may stand for an end, which must not wait behind everybody else's news.
        changes.schedule(Subject.plan(job.incident.id), now, urgency(job.view.severity))
    if _page_of(before) != _page_of(after):
        # Incidents that continue this one page nobody while it is paged here.
        for later in job.versioned.snapshot.later:
            changes.schedule(Subject.plan(later.id), now, 1)
    step = next_step(assumed(after), job.view, now, looks=looks)
    changes.releases.append(Release(job.claim, step.until if isinstance(step, Rest) else now))
    return changes


def _page_of(ledger: Ledger) -> tuple[object, ...]:
    told = ledger.last_notified
    return told.state, told.severity, told.paged, told.covered_by, ledger.dead


def _trouble(ledger: Ledger) -> tuple[bool, bool, bool]:
    return bool(ledger.dead), bool(ledger.failing_since), bool(ledger.fell_back_at)


def _story(ledger: Ledger) -> str:
    if ledger.dead:
        return "dead_letter"
    if ledger.failing_since:
        return "failing"
    # Nobody was told by the log alone, whatever it says of the incident's state.
    return f"{'logged' if ledger.log_only else 'told'}_{ledger.last_notified.state}"


async def abandon(job: Job) -> None:
    """Give up a place that nobody can notify any more.

    Its lost ends are logged loudly, and what still fires is notified through the new credential.
    """
    lost_ends = sum(assumed(job.stored).last_notified.members.values())
    changes = Changes(
        expect=job.versioned.expect(job.incident.id, job.view.target),
        releases=[Release(job.claim, job.versioned.now)],
    )
    book(job, job.stored, abandoned(assumed(job.stored)), job.versioned.now, changes)
    changes.increment("ends_told", -lost_ends)
    changes.increment("ends_forgotten", lost_ends)
    changes.log.append(
        LogEntry(job.incident.id, "dead_letter", {"target": job.view.target, "error": "credential_changed"})
    )
    log.error(
        "end_undeliverable",
        target=job.view.target,
        incident=job.incident.id,
        reason="credential_changed",
        members=lost_ends,
    )
    await commit_claimed(job.context.store, job.claim, changes)


async def finish(
    job: Job, after: Ledger, now: int, answer: Answer | None = None, *, found: SettledSend | None = None
) -> None:
    """Write down what came of a look, which may have `found` a send that nobody had answered, or of a
    call with this `answer` that tells people nothing new.
    """
    version = job.versioned.versions[ledger_cell(job.incident.id, job.view.target)]
    before = job.refusals.refusals
    in_vain = asked_in_vain(before, job.stored, after)
    changes = _settlement(job, job.stored, after, version, now, looks=True, known=in_vain)
    if found is not None:
        record_send(job.context, found, changes)
    known = note_answer(job, job.stored, after, answer, job.refusals, now, changes)
    if (await commit_claimed(job.context.store, job.claim, changes)).outcome is CommitOutcome.DONE:
        log_changes(before, known)
