"""Plan an incident: write down what every target should be told and put the deliveries on the agenda."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gateway.decisions.accounting.books import book_planned, book_standings, book_unheard
from gateway.decisions.accounting.verdict_log import account
from gateway.decisions.delivery.deliver import Rest, at_rest, next_step
from gateway.decisions.delivery.settle import fall_back
from gateway.decisions.intake.admit import KEEP_ENDED
from gateway.decisions.notification.assumptions import assumed, overtaken
from gateway.decisions.notification.plan import Plan, failing_since, plan, remind_at
from gateway.decisions.notification.standings import standings
from gateway.decisions.notification.view import View, severity_of
from gateway.model.agenda import deliver_subject, urgency
from gateway.model.changes import Cell, Changes, Claim, Fate, LogEntry, Release, Table
from gateway.model.durations import SECOND
from gateway.model.incident import Incident
from gateway.model.ledger import Ledger, Note, Told, ledger_cell
from gateway.model.records import dump
from gateway.model.severity import Severity
from gateway.outbound.wording import spoken
from gateway.reconcile.context import Context, log, outdated
from gateway.state.commit import commit, let_go
from gateway.state.snapshots import Reading, read_case, read_cases


async def plan_incident(context: Context, claim: Claim, incident_id: str) -> None:
    reading = await read_case(context.store, incident_id, context.policy)
    committed = await commit(context.store, _claimed_changes(context, claim, reading))
    if committed.fate is Fate.LOST:
        await let_go(context.store, claim, committed.now)


async def plan_together(context: Context, claims: Sequence[Claim]) -> bool:
    """Many incidents in one commit; False where somebody was quicker with one of them: then each by itself."""
    readings = await read_cases(context.store, [claim.subject.partition(":")[2] for claim in claims], context.policy)
    together = Changes()
    for claim, reading in zip(claims, readings, strict=True):
        together.take_in(_claimed_changes(context, claim, reading))
    return (await commit(context.store, together)).fate is Fate.DONE


def _claimed_changes(context: Context, claim: Claim, reading: Reading | None) -> Changes:
    if reading is None:
        return Changes(releases=[Release(claim, None)])
    if outdated(context, reading.announced, reading.now):
        return Changes(releases=[Release(claim, reading.now + 2 * SECOND)])
    planned = plan(reading.case, context.policy, reading.now)
    changes = plan_changes(context, reading, planned)
    changes.releases.append(Release(claim, planned.look_at or None))
    return changes


def plan_changes(context: Context, reading: Reading, planned: Plan) -> Changes:
    before, now = reading.case.incident, reading.now
    changes = Changes(expect=reading.expect(before.id))
    book_planned(changes, before)
    book_standings(changes, before.homeless, planned.homeless)
    changes.log += account(before.id, "", before.homeless, planned.homeless, planned.unseen.values())
    for view in planned.views.values():
        _write_ledger(context, reading, planned.incident, view, changes)
    incident = msgspec.structs.replace(
        planned.incident,
        planned_revision=before.revision,
        targets=tuple(dict.fromkeys((*before.targets, *planned.views))),
        homeless=planned.homeless,
        watches=() if planned.incident.resolved_at else tuple(reading.posts),
    )
    _watch(changes, before, incident)
    book_unheard(changes, before, incident)
    if incident.unheard_since and not before.unheard_since:
        _last_resort(reading, planned, changes)
    changes.posts.seen |= reading.posts
    if incident != before:
        changes.put[Cell(Table.INCIDENTS, before.id)] = dump(incident)
    if incident.resolved_at and not before.resolved_at:
        changes.log.append(LogEntry(before.id, "resolved", {}))
    if incident.resolved_at and all(at_rest(view.ledger) for view in planned.views.values()):
        changes.look(f"expire:{before.id}", now + KEEP_ENDED, 9)
    return changes


def _last_resort(reading: Reading, planned: Plan, changes: Changes) -> None:
    """Nobody can be told: this log says it as loudly as it can, for whoever watches the gateway's own output."""
    incident = planned.incident
    firing = [alert for alert in reading.case.alerts.values() if alert.firing]
    worst = max((alert.severity for alert in firing), default=Severity.NONE).word
    names = sorted({alert.name for alert in firing})[:10]
    tried = {view.target: view.ledger.error for view in planned.views.values() if view.want.state is Told.FIRING}
    log.critical("nobody_can_be_told", incident=incident.id, severity=worst, alerts=names, firing=len(firing), tried=tried)
    changes.log.append(LogEntry(incident.id, "nobody_can_be_told", {"tried": ", ".join(tried)}))


def _watch(changes: Changes, before: Incident, after: Incident) -> None:
    """Whoever comes to these posts, or goes, has the incident looked at again."""
    subject = f"plan:{after.id}"
    changes.posts.watch += [(post, subject) for post in after.watches if post not in before.watches]
    changes.posts.unwatch += [(post, subject) for post in before.watches if post not in after.watches]


def _write_ledger(context: Context, reading: Reading, incident: Incident, view: View, changes: Changes) -> None:
    """The stored ledger gets what only a plan knows: its standings, a reminder, that it fell back."""
    now, stored = reading.now, reading.case.ledgers.get(view.target)
    before = stored or Ledger(incident.id, view.target, view.destination.name if view.destination else "")
    after = _remind(view, incident, overtaken(before, view.want), now)
    if after.reminded_at != before.reminded_at:
        changes.look(f"plan:{incident.id}", remind_at(view, incident, after), 9)
    if view.destination is not None and view.destination.fallback:
        after = msgspec.structs.replace(after, failing_since=failing_since(view, reading.case.closed.get(view.target, 0)))
        after = fall_back(after, view.destination.fallback_after, now)
    if after.fell_back_at and not before.fell_back_at:
        changes.look(f"plan:{incident.id}", now, 0)
    books, verdicts = standings(view, now)
    changes.log += account(incident.id, view.target, before.standings, books, verdicts.values())
    after = msgspec.structs.replace(after, standings=books)
    book_standings(changes, before.standings, books)
    if after != stored:
        cell = ledger_cell(incident.id, view.target)
        changes.put[cell] = dump(after)
        changes.expect[cell] = reading.versions.get(cell, b"")
    looks = context.notifiers[view.kind].settles_by_looking if view.kind in context.notifiers else False
    view.ledger = assumed(after)
    step = next_step(view, now, looks=looks)
    at = step.until if isinstance(step, Rest) else now
    if at is not None:
        changes.look(deliver_subject(view.target, incident.id), at, urgency(severity_of(view)))


def _remind(view: View, incident: Incident, ledger: Ledger, now: int) -> Ledger:
    at = remind_at(view, incident, ledger)
    if not at or at > now:
        return ledger
    since = now - min(seat.alert.started_at for seat in view.firing)
    note = Note(f"Still firing after {spoken(since)}, and nobody has it", broadcast=True, mention=view.want.paged)
    return msgspec.structs.replace(ledger, owed=(*ledger.owed, note), reminded_at=now)
