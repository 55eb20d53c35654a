"""Write down what only a plan knows of one target: its status counts, a reminder, that it fell back."""

from __future__ import annotations

import msgspec

from gateway.decisions.accounting.invariants import increment_notifications, increment_status_counts
from gateway.decisions.accounting.rule_matches import increment_hidden
from gateway.decisions.accounting.verdict_log import log_verdicts
from gateway.decisions.delivery.compose import compose
from gateway.decisions.delivery.failure import fall_back, forget_failure
from gateway.decisions.delivery.next_step import Rest, next_step
from gateway.decisions.delivery.refusals import cause_of_dead_letter
from gateway.decisions.delivery.share import next_at, share_of, urgency_of_next
from gateway.decisions.delivery.thread_notes import reminder
from gateway.decisions.notification.assumptions import as_if_untold, assumed, superseded
from gateway.decisions.notification.hidden import keep_hidden
from gateway.decisions.notification.joined import added
from gateway.decisions.notification.member_status import count_statuses, is_owed_anything
from gateway.decisions.notification.page_promise import keep_promise
from gateway.decisions.notification.resolve import Plan, failing_since, remind_at
from gateway.decisions.notification.update_limit import count_left_out
from gateway.decisions.notification.view import View
from gateway.model.agenda import UNASKED, Subject, urgency
from gateway.model.changes import Changes, LogEntry
from gateway.model.incident import Incident, StatusCounts
from gateway.model.ledger import Ledger, ledger_cell
from gateway.model.records import dump
from gateway.model.rules.rulebook import LabelRules
from gateway.reconcile.context import Context
from gateway.state.versioned_snapshot import VersionedSnapshot

NOBODY_COUNTED = StatusCounts()


def write_ledger(
    context: Context,
    versioned: VersionedSnapshot,
    planned: Plan,
    view: View,
    since: int,
    changes: Changes,
) -> Ledger:
    """Write down what only a plan knows of a target: its status counts, a reminder, that it fell back.

    Return its ledger.
    """
    incident, now, stored = planned.incident, versioned.now, versioned.snapshot.ledgers.get(view.target)
    before = stored or Ledger(incident.id, view.target, view.destination.name if view.destination else "")
    after = _untold(context, versioned, before, changes)
    after = count_left_out(superseded(after, view.desired), view, now)
    after = keep_hidden(after, view, versioned.snapshot.wall(now))
    increment_hidden(changes, before.hidden, after.hidden)
    after = _remind(view, incident, after, context.labels, now)
    again = remind_at(view, incident, after)
    if after.reminded_at != before.reminded_at and again is not None:
        # As urgent as the incident: by then the same subject may stand for an end.
        changes.schedule(Subject.plan(incident.id), again, urgency(view.severity))
    after = _stand_by(versioned, view, after)
    if after.fell_back_at and not before.fell_back_at:
        # The destination has failed for too long: the next plan, at once, brings in the fallback's people.
        changes.schedule(Subject.plan(incident.id), now, 0)
    after = keep_promise(after, view, now, since, changes)
    if after.owed_page is not None and not after.owed_page.is_late:
        # Should nobody be told by then, this is what counts it.
        changes.schedule(Subject.plan(incident.id), after.owed_page.deadline, urgency(view.severity))
    counts, verdicts = count_statuses(view, now)
    others = planned.counted.get(view.target, NOBODY_COUNTED)
    counts = added(others, counts)
    changes.log += log_verdicts(
        incident.id, view.target, before.status_counts, counts, verdicts.values(), others.reasons
    )
    after = msgspec.structs.replace(after, status_counts=counts)
    increment_status_counts(changes, before.status_counts, counts)
    if after != stored:
        # A delivery may write this ledger right now. Then this
        # commit loses, and the plan starts from what was sent.
        cell = ledger_cell(incident.id, view.target)
        changes.put[cell] = dump(after)
        changes.expect[cell] = versioned.versions.get(cell, b"")
    _have_asked(versioned, after, changes)
    return _schedule_delivery(context, view, after, now, changes)


def _schedule_delivery(context: Context, view: View, after: Ledger, now: int, changes: Changes) -> Ledger:
    """Put the next step of the delivery on the agenda, and return the ledger as it is assumed to be by now."""
    looks = context.notifiers[view.kind].settles_by_looking if view.kind in context.notifiers else False
    # A firing that was sent under a key and not answered may have arrived, so its end has to be sent too.
    ledger = assumed(after)
    step = next_step(ledger, view, now, looks=looks)
    at = step.until if isinstance(step, Rest) else next_at(after, view.desired, now)
    if at is not None:
        priority = urgency_of_next(view.with_ledger(ledger).severity, after, view.desired)
        subject = Subject.deliver(view.target, after.incident)
        changes.schedule(subject, at, priority, share_of(view, ledger))
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
