"""Write down the plan of an incident: what each target should be told, and the deliveries for the agenda."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import msgspec

from gateway.decisions.accounting.escalation_log import log_escalations
from gateway.decisions.accounting.invariants import (
    increment_planned,
    increment_status_counts,
    increment_unheard,
)
from gateway.decisions.accounting.rule_matches import increment_correlated
from gateway.decisions.accounting.verdict_log import log_verdicts
from gateway.decisions.delivery.next_step import at_rest
from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.notification.earlier_lives import without_oldest_lives
from gateway.decisions.notification.joined import counted_by
from gateway.decisions.notification.plan import plan, plan_joined
from gateway.decisions.notification.resolve import Plan
from gateway.model.agenda import BEHIND_NEWS, EXPIRY_PRIORITY, Subject, urgency_behind_news
from gateway.model.cells import CONTROLS
from gateway.model.changes import Cell, Changes, Claim, LogEntry, Release, Table
from gateway.model.durations import SECOND
from gateway.model.incident import Counted, Incident
from gateway.model.instants import earliest
from gateway.model.ledger import ledger_cell
from gateway.model.records import dump
from gateway.reconcile.context import Context, outdated
from gateway.reconcile.last_resort import log_unheard
from gateway.reconcile.plan_ledger import write_ledger
from gateway.reconcile.statistics_record import record_plan
from gateway.reconcile.traced import PlanSpans
from gateway.state.versioned_snapshot import VersionedSnapshot

LARGE = 50  # members from which a plan takes over a millisecond
MOST_LARGE = 10_000  # incidents that are remembered as large


def claimed_changes(
    context: Context, claim: Claim, versioned: VersionedSnapshot | None, spans: PlanSpans
) -> Changes | None:
    """Return what the plan of a claimed incident changes, the end of the claim included.

    It is None where only the members were read that have joined, and the plan has to look at all of them.
    """
    if versioned is None:
        return Changes(releases=[Release(claim, None)])
    if outdated(context, versioned.rule_generation):
        return Changes(releases=[Release(claim, versioned.now + 2 * SECOND)])
    decide = planned_changes if versioned.snapshot.joined is None else joined_changes
    planned = decide(context, versioned, claim.due, spans)
    if planned is None:
        return None
    planned.changes.releases.append(Release(claim, planned.look_at))
    return planned.changes


class PlannedChanges(NamedTuple):
    """What a plan changes, and when the incident is to be looked at again (ms), None for never."""

    changes: Changes
    look_at: int | None


def planned_changes(
    context: Context, versioned: VersionedSnapshot, since: int, spans: PlanSpans
) -> PlannedChanges:
    """Plan an incident with all its members that was due at `since` (ms), by the rules in force here."""
    _note_size(context, versioned.snapshot.incident)
    snapshot, gone = without_oldest_lives(versioned.snapshot)
    versioned = replace(versioned, snapshot=snapshot)
    with spans.plan(snapshot):
        planned = plan(_without_joining(snapshot), context.policy, versioned.now, context.watcher.laps())
        changes = plan_changes(context, versioned, planned, since)
    if gone:
        _leave_out(versioned, gone, changes)
    return PlannedChanges(changes, planned.look_at)


def joined_changes(
    context: Context, versioned: VersionedSnapshot, since: int, spans: PlanSpans
) -> PlannedChanges | None:
    """Plan an incident of which only the members that joined were read; None where all have to be looked at."""
    snapshot = versioned.snapshot
    with spans.plan(snapshot):
        planned = plan_joined(
            _without_joining(snapshot), context.policy, versioned.now, context.watcher.laps()
        )
        if planned is None:
            return None
        _note_size(context, snapshot.incident)
        changes = plan_changes(context, versioned, planned, since)
    return PlannedChanges(changes, planned.look_at)


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


def _without_joining(snapshot: IncidentSnapshot) -> IncidentSnapshot:
    """Return the snapshot with nothing joining any more: this plan is the one that was waited for."""
    if snapshot.incident.joining is None:
        return snapshot
    return replace(snapshot, incident=msgspec.structs.replace(snapshot.incident, joining=None))


def plan_changes(context: Context, versioned: VersionedSnapshot, planned: Plan, since: int) -> Changes:
    """Return what a plan changes that was due at `since` (ms)."""
    before, now = versioned.snapshot.incident, versioned.now
    # Should newer rules be announced while this plan is made, it is dropped: two rule
    # sets never plan at once.
    changes = Changes(expect=versioned.expect(before.id), generation=context.generation)
    increment_planned(changes, before)
    if not before.planned_revision:
        increment_correlated(changes, before.rule)
    increment_status_counts(changes, before.untargeted, planned.untargeted_counts)
    changes.log += log_verdicts(
        before.id, "", before.untargeted, planned.untargeted_counts, planned.untargeted.values()
    )
    ledgers = [
        write_ledger(context, versioned, planned, view, since, changes) for view in planned.views.values()
    ]
    incident = msgspec.structs.replace(
        planned.incident,
        planned_revision=before.revision,
        heard_by=context.generation if planned.incident.heard else 0,
        targets=tuple(dict.fromkeys((*before.targets, *planned.views))),
        untargeted=planned.untargeted_counts,
        subscriptions=() if planned.incident.resolved_at else tuple(versioned.topics),
    )
    _have_updates_looked_at(planned, changes)
    incident = _with_counted(versioned, planned, incident, changes)
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


def _with_counted(
    versioned: VersionedSnapshot, planned: Plan, incident: Incident, changes: Changes
) -> Incident:
    """Return the incident with what its counts rest on from now on."""
    before = versioned.snapshot.incident
    # A reminder, or a page that is late, is looked at by a time of its own.
    also, _ = changes.agenda.get(Subject.plan(before.id), (None, 0))
    look_at = earliest(*(at for at in (planned.look_at, also) if at is not None))
    controls, ahead = versioned.versions[CONTROLS], versioned.snapshot.ahead
    counted = counted_by(before, planned, Counted(versioned.now, look_at or 0, controls, ahead))
    return msgspec.structs.replace(incident, counted=counted)


def _have_updates_looked_at(planned: Plan, changes: Changes) -> None:
    """Have a delivery look at each target that no member has joined, once it may be sent an update.

    Whatever else the plan was due for while it waited for its turn, such as a new text, is shown then.
    """
    for target, at in planned.updates.items():
        priority = urgency_behind_news(planned.incident.heard[target].severity)
        changes.schedule(Subject.deliver(target, planned.incident.id), at, priority)


def _wake_group(versioned: VersionedSnapshot, changes: Changes) -> None:
    """Look again at the incidents of the same group that this one means something for."""
    incident, now = versioned.snapshot.incident, versioned.now
    if incident.continues and incident.planned_revision != incident.revision:
        # The first incident says how many fire in all.
        changes.schedule(Subject.plan(incident.continues[0]), now, BEHIND_NEWS)
    if not incident.planned_revision:
        # By now it is known whether this incident pages, which its continuations wait for.
        for later in versioned.snapshot.later:
            changes.schedule(Subject.plan(later.id), now, BEHIND_NEWS)


def _watch(changes: Changes, before: Incident, after: Incident) -> None:
    """Subscribe the incident to its topics: it is planned again when an alert comes to one, or leaves it."""
    subject = Subject.plan(after.id)
    changes.topics.subscribe += [
        (topic, subject) for topic in after.subscriptions if topic not in before.subscriptions
    ]
    changes.topics.unsubscribe += [
        (topic, subject) for topic in before.subscriptions if topic not in after.subscriptions
    ]
