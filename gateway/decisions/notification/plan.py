"""Plan: for one incident, what every target should believe now, when each is to be told, and when to look again.

Deliver asks the very same function again just before it sends, so that what is sent is always the newest state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from gateway.decisions.calendar import NEVER
from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.notification.assumptions import superseded
from gateway.decisions.notification.audience import Audience
from gateway.decisions.notification.member_status import is_unheard, reasons
from gateway.decisions.notification.view import View, conclude, quiet_until
from gateway.decisions.policy import Policy
from gateway.decisions.suppression.suppress import lapse
from gateway.model.alert import Alert
from gateway.model.incident import Incident, StatusCounts
from gateway.model.ledger import Ledger, NotifiedState
from gateway.model.verdict import MemberStatus, Verdict


@dataclass(slots=True)
class Plan:
    """`incident` as it should be now; `look_at` when something changes by time alone (0: never).

    `untargeted` counts the members that no target sees, by what they are instead.
    """

    incident: Incident
    views: dict[str, View]
    look_at: int
    untargeted: StatusCounts
    untargeted_verdicts: dict[str, Verdict]


def plan(snapshot: IncidentSnapshot, policy: Policy, now: int) -> Plan:
    firing = [alert for alert in snapshot.alerts.values() if alert.firing]
    incident = lapse(snapshot.incident, firing, now)
    snapshot = replace(snapshot, incident=incident)
    seating = Audience(snapshot, policy, now)
    seating.seat()
    views = seating.views
    for view in views.values():
        conclude(view, incident, now)
        view.ledger = superseded(view.ledger, view.desired)
        view.moved_to = _moved_to(view, views)
    incident = _resolve(incident, views, firing, now)
    incident = _heard(incident, views, now)
    times = _times(snapshot, incident, views)
    if incident.firing:
        times += [policy.suppressor.next_change(now), snapshot.controls.next_change(firing, now)]
    look_at = min((time for time in times if now < time < NEVER), default=0)
    return Plan(incident, views, look_at, _homeless(seating.untargeted_verdicts), seating.untargeted_verdicts)


def _moved_to(view: View, views: Mapping[str, View]) -> str:
    """Where the members are told now that a target no longer sees."""
    if view.desired.state is not NotifiedState.MOVED:
        return ""
    left = {seat.member.episode_id for seat in view.seats}
    others = [target for target, one in views.items() if any(seat.member.episode_id in left for seat in one.firing)]
    return f"told at {', '.join(others)} now" if others else "no rule routes it here any longer"


def _resolve(incident: Incident, views: dict[str, View], firing: list[Alert], now: int) -> Incident:
    """Resolved for good once every view has been quiet for its own `resolve_after`."""
    if firing or incident.resolved_at or any(view.resolve_pending for view in views.values()):
        return incident
    quiet = max((quiet_until(view) for view in views.values()), default=0)
    return msgspec.structs.replace(incident, resolved_at=now) if now >= quiet else incident


def _heard(incident: Incident, views: Mapping[str, View], now: int) -> Incident:
    unheard = is_unheard(views.values(), now)
    if unheard is bool(incident.unheard_since):
        return incident
    return msgspec.structs.replace(incident, unheard_since=now if unheard else 0)


def _times(snapshot: IncidentSnapshot, incident: Incident, views: dict[str, View]) -> list[int]:
    """When something changes by time alone, among what is over already."""
    times = [alert.held_until for alert in snapshot.alerts.values() if alert.firing]
    times += [quiet_until(view) for view in views.values() if not incident.resolved_at and not incident.firing]
    times += [view.look_at for view in views.values()]
    times += [_fallback_time(view, snapshot.closed.get(view.target, 0)) for view in views.values()]
    times += [remind_at(view, incident, view.ledger) for view in views.values()]
    if incident.closed:
        times.append(incident.closed.until)
    times += [
        seat.resolve_held_by.until
        for view in views.values()
        for seat in view.resolve_pending
        if seat.resolve_held_by is not None
    ]
    suppressed_by = [
        (seat, seat.suppressed_by) for view in views.values() for seat in view.seats if seat.suppressed_by and seat.alert.firing
    ]
    times += [verdict.until for _, verdict in suppressed_by]
    return times + [seat.held_no_longer_than for seat, verdict in suppressed_by if verdict.outcome == MemberStatus.HELD]


def failing_since(view: View, closed: int) -> int:
    """Since when the target has not been told what is due, though it was tried or its vendor takes nothing; 0 for not at all."""
    if view.ledger.failing_since or not closed or not view.due or view.desired == view.ledger.last_notified:
        return view.ledger.failing_since
    return max(view.due, closed)


def _fallback_time(view: View, closed: int) -> int:
    """What is due and not told by then is looked at once more: its vendor may have closed the lane meanwhile."""
    if view.ledger.fell_back_at or view.destination is None or not view.destination.fallback:
        return 0
    due = view.due if view.desired != view.ledger.last_notified else 0
    since = failing_since(view, closed) or due
    return since + view.destination.fallback_after if since else 0


def remind_at(view: View, incident: Incident, ledger: Ledger) -> int:
    """When the thread is told again that this still fires and nobody has it, 0 for never."""
    reminds = [recipient.route.remind for seat in view.firing for recipient in seat.recipients if recipient.route.remind]
    if not reminds or incident.acknowledged or not ledger.first_notified_at or ledger.message_ref is None:
        return 0
    return max(ledger.first_notified_at, ledger.reminded_at) + min(reminds)


def _homeless(untargeted_verdicts: Mapping[str, Verdict]) -> StatusCounts:
    counts = dict.fromkeys(MemberStatus, 0)
    for verdict in untargeted_verdicts.values():
        counts[MemberStatus(verdict.outcome)] += 1
    return StatusCounts(
        members=len(untargeted_verdicts),
        undeliverable=counts[MemberStatus.UNDELIVERABLE],
        suppressed=counts[MemberStatus.SUPPRESSED],
        held=counts[MemberStatus.HELD],
        reasons=reasons(untargeted_verdicts.values()),
    )
