"""Plan an incident: write down what every target should be notified of and put the deliveries on the agenda."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from gateway.decisions.accounting.escalation_log import log_escalations
from gateway.decisions.accounting.invariants import (
    increment_notifications,
    increment_planned,
    increment_status_counts,
    increment_unheard,
)
from gateway.decisions.accounting.verdict_log import log_verdicts
from gateway.decisions.delivery.compose import compose
from gateway.decisions.delivery.failure import fall_back, forget_failure
from gateway.decisions.delivery.next_step import Rest, at_rest, next_step
from gateway.decisions.delivery.refusals import cause_of_dead_letter
from gateway.decisions.delivery.share import share_of, urgency_of
from gateway.decisions.delivery.thread_notes import reminder
from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.notification.assumptions import as_if_untold, assumed, superseded
from gateway.decisions.notification.earlier_lives import without_oldest_lives
from gateway.decisions.notification.hidden import keep_hidden
from gateway.decisions.notification.member_status import count_statuses, is_owed_anything
from gateway.decisions.notification.plan import plan
from gateway.decisions.notification.resolve import Plan, failing_since, remind_at
from gateway.decisions.notification.update_limit import count_left_out
from gateway.decisions.notification.view import View
from gateway.model.agenda import EXPIRY_PRIORITY, UNASKED, Subject, urgency
from gateway.model.changes import Cell, Changes, Claim, CommitOutcome, LogEntry, Release, Table
from gateway.model.durations import SECOND
from gateway.model.incident import Incident
from gateway.model.ledger import Ledger, ledger_cell
from gateway.model.records import dump
from gateway.model.rules.rulebook import LabelRules
from gateway.reconcile.context import Context, outdated
from gateway.reconcile.last_resort import log_unheard
from gateway.reconcile.statistics_record import record_plan
from gateway.state.snapshots import VersionedSnapshot, read_snapshot
from gateway.state.transact import commit_claimed
from gateway.state.write_lock import Writer

GROUP_PRIORITY = 6  # news go first
LARGE = 50  # members from which a plan takes over a millisecond
MOST_LARGE = 10_000  # incidents that are remembered as large


async def plan_incident(context: Context, claim: Claim) -> None:
    async with context.write_lock.taken(Writer.PLAN):
        versioned = await read_snapshot(context.store, claim.subject.id, context.policy)
        changes = claimed_changes(context, claim, versioned)
        committed = await commit_claimed(context.store, claim, changes)
    if committed.outcome is CommitOutcome.DONE:
        context.services.committed(changes)


def claimed_changes(context: Context, claim: Claim, versioned: VersionedSnapshot | None) -> Changes:
    """Return what the plan of a claimed incident changes, the end of the claim included."""
    if versioned is None:
        return Changes(releases=[Release(claim, None)])
    if outdated(context, versioned.rule_generation):
        return Changes(releases=[Release(claim, versioned.now + 2 * SECOND)])
    _note_size(context, versioned.snapshot.incident)
    snapshot, gone = without_oldest_lives(versioned.snapshot)
    versioned = replace(versioned, snapshot=snapshot)
    planned = plan(_joined(snapshot), context.policy, versioned.now)
    changes = plan_changes(context, versioned, planned)
    if gone:
        _leave_out(versioned, gone, changes)
    # Should newer rules be announced while this plan is made, it is dropped: two rule
    # sets never plan at once.
    changes.generation = context.generation
    changes.releases.append(Release(claim, planned.look_at))
    return changes


def _note_size(context: Context, incident: Incident) -> None:
    if len(incident.members) > LARGE and not incident.resolved_at:
        if len(context.large) >= MOST_LARGE:
            context.large.clear()
        context.large.add(incident.id)
    else:
        context.large.discard(incident.id)


def _leave_out(versioned: VersionedSnapshot, gone: Sequence[str], changes: Changes) -> None:
    """Forget the lives that the incident counts from now on, also where the plan has changed nothing else."""
    incident = versioned.snapshot.incident
    changes.drop += [Cell(Table.PAST, episode) for episode in gone]
    changes.put.setdefault(Cell(Table.INCIDENTS, incident.id), dump(incident))
    for target, ledger in versioned.snapshot.ledgers.items():
        cell = ledger_cell(incident.id, target)
        changes.put.setdefault(cell, dump(ledger))
        changes.expect[cell] = versioned.versions.get(cell, b"")


def _joined(snapshot: IncidentSnapshot) -> IncidentSnapshot:
    """Return the snapshot with nothing joining any more: this plan is the one that was waited for."""
    if snapshot.incident.joining is None:
        return snapshot
    return replace(snapshot, incident=msgspec.structs.replace(snapshot.incident, joining=None))


def plan_changes(context: Context, versioned: VersionedSnapshot, planned: Plan) -> Changes:
    before, now = versioned.snapshot.incident, versioned.now
    changes = Changes(expect=versioned.expect(before.id))
    increment_planned(changes, before)
    increment_status_counts(changes, before.untargeted, planned.untargeted_counts)
    changes.log += log_verdicts(
        before.id, "", before.untargeted, planned.untargeted_counts, planned.untargeted.values()
    )
    ledgers = [
        _write_ledger(context, versioned, planned.incident, view, changes) for view in planned.views.values()
    ]
    incident = msgspec.structs.replace(
        planned.incident,
        planned_revision=before.revision,
        heard_by=context.generation if planned.incident.heard else 0,
        targets=tuple(dict.fromkeys((*before.targets, *planned.views))),
        untargeted=planned.untargeted_counts,
        subscriptions=() if planned.incident.resolved_at else tuple(versioned.topics),
    )
    _watch(changes, before, incident)
    increment_unheard(changes, before, incident)
    log_unheard(before, planned, versioned.snapshot.firing, changes)
    # The commit loses if another alert stands at one of these topics by now: people must not be notified,
    # or kept from it, by an inhibition that has changed.
    changes.topics.seen |= versioned.topics
    # Most plans change nothing. A write all the same would make webhooks for the incident lose their races.
    if incident != before:
        changes.put[Cell(Table.INCIDENTS, before.id)] = dump(incident)
    if incident.resolved_at and not before.resolved_at:
        changes.log.append(LogEntry(before.id, "resolved", {}))
    record_plan(context, versioned, incident, planned.views.values(), ledgers, changes)
    changes.log += log_escalations(before, incident)
    _wake_group(versioned, changes)
    # While a target still has to be notified of the end the incident is kept, else its page stays open.
    if incident.resolved_at and all(at_rest(ledger) for ledger in ledgers):
        changes.schedule(Subject.expire(before.id), now + context.keep_ended, EXPIRY_PRIORITY)
    return changes


def _wake_group(versioned: VersionedSnapshot, changes: Changes) -> None:
    """Look again at the incidents of the same group that this one means something for."""
    incident, now = versioned.snapshot.incident, versioned.now
    if incident.continues and incident.planned_revision != incident.revision:
        # The first incident says how many fire in all.
        changes.schedule(Subject.plan(incident.continues[0]), now, GROUP_PRIORITY)
    if not incident.planned_revision:
        # By now it is known whether this incident pages, which its continuations wait for.
        for later in versioned.snapshot.later:
            changes.schedule(Subject.plan(later.id), now, GROUP_PRIORITY)


def _watch(changes: Changes, before: Incident, after: Incident) -> None:
    """Subscribe the incident to its topics: it is planned again when an alert comes to one, or leaves it."""
    subject = Subject.plan(after.id)
    changes.topics.subscribe += [
        (topic, subject) for topic in after.subscriptions if topic not in before.subscriptions
    ]
    changes.topics.unsubscribe += [
        (topic, subject) for topic in before.subscriptions if topic not in after.subscriptions
    ]


def _write_ledger(
    context: Context, versioned: VersionedSnapshot, incident: Incident, view: View, changes: Changes
) -> Ledger:
    """Write down what only a plan knows of a target: its status counts, a reminder, that it fell back.

    Return its ledger.
    """
    now, stored = versioned.now, versioned.snapshot.ledgers.get(view.target)
    before = stored or Ledger(incident.id, view.target, view.destination.name if view.destination else "")
    after = _untold(context, versioned, before, changes)
    after = count_left_out(superseded(after, view.desired), view, now)
    after = keep_hidden(after, view, versioned.snapshot.wall(now))
    after = _remind(view, incident, after, context.labels, now)
    again = remind_at(view, incident, after)
    if after.reminded_at != before.reminded_at and again is not None:
        # As urgent as the incident: by then the same subject may stand for an end.
        changes.schedule(Subject.plan(incident.id), again, urgency(view.severity))
    after = _stand_by(versioned, view, after)
    if after.fell_back_at and not before.fell_back_at:
        # The destination has failed for too long: the next plan, at once, brings in the fallback's people.
        changes.schedule(Subject.plan(incident.id), now, 0)
    counts, verdicts = count_statuses(view, now)
    changes.log += log_verdicts(incident.id, view.target, before.status_counts, counts, verdicts.values())
    after = msgspec.structs.replace(after, status_counts=counts)
    increment_status_counts(changes, before.status_counts, counts)
    if after != stored:
        # A delivery may write this ledger right now. Then this
        # commit loses, and the plan starts from what was sent.
        cell = ledger_cell(incident.id, view.target)
        changes.put[cell] = dump(after)
        changes.expect[cell] = versioned.versions.get(cell, b"")
    looks = context.notifiers[view.kind].settles_by_looking if view.kind in context.notifiers else False
    # A firing that was sent under a key and not answered may have arrived, so its end has to be sent too.
    ledger = assumed(after)
    step = next_step(ledger, view, now, looks=looks)
    _have_asked(versioned, after, changes)
    at = step.until if isinstance(step, Rest) else now
    if at is not None:
        severity = view.with_ledger(ledger).severity
        subject = Subject.deliver(view.target, incident.id)
        changes.schedule(subject, at, urgency_of(severity, ledger), share_of(view, ledger))
    return ledger


def _stand_by(versioned: VersionedSnapshot, view: View, ledger: Ledger) -> Ledger:
    """Have the fallback's people told where the target has failed for too long."""
    if view.destination is None or not view.destination.fallback:
        return ledger
    closed_since = versioned.snapshot.closed_lanes.get(view.target)
    failing = msgspec.structs.replace(ledger, failing_since=failing_since(view, closed_since))
    # Whoever stands in has nothing to do about what ended untold.
    stands_by = fall_back if is_owed_anything(view) else forget_failure
    return stands_by(failing, view.destination.fallback_after, versioned.now)


def _have_asked(versioned: VersionedSnapshot, ledger: Ledger, changes: Changes) -> None:
    """Have the destination of a dead letter asked that an earlier version of the gateway asked nobody with."""
    cause = cause_of_dead_letter(ledger)
    if cause and cause not in versioned.refusals.causes:
        changes.schedule(UNASKED, versioned.now, 9)


def _untold(context: Context, versioned: VersionedSnapshot, before: Ledger, changes: Changes) -> Ledger:
    """Write down that nobody was told, where only the log was and people can be told now."""
    destinations = context.policy.rules.destinations
    after = as_if_untold(before, destinations, versioned.snapshot.credentialed)
    if after is not before:
        increment_notifications(changes, assumed(before).last_notified, after.last_notified)
        detail = {"target": before.target, "because": "its credential is known by now"}
        changes.log.append(LogEntry(before.incident, "was_told_in_log_only", detail))
    return after


def _remind(view: View, incident: Incident, ledger: Ledger, labels: LabelRules, now: int) -> Ledger:
    at = remind_at(view, incident, ledger)
    if at is None or at > now:
        return ledger
    notification = compose(view, incident, labels, now)
    note = reminder(notification, ledger.first_notified_at)
    return msgspec.structs.replace(ledger, pending_notes=(*ledger.pending_notes, note), reminded_at=now)
