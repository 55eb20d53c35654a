"""Decide whether an incident is over, whether anybody knows of it, and when to look again: a plan's step
`resolve`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.notification.audience import Audience
from gateway.decisions.notification.member_status import is_owed_anything, reasons
from gateway.decisions.notification.unheard import next_looks, unheard_alerts
from gateway.decisions.notification.view import View, ends_at, recipients_of
from gateway.decisions.policy import Policy
from gateway.model.incident import Incident, StatusCounts, UnheardAlert
from gateway.model.instants import earliest, latest
from gateway.model.ledger import Ledger
from gateway.model.verdict import QUIETING, MemberStatus, Verdict


class Plan(msgspec.Struct, frozen=True, gc=False):
    """The decision on one incident.

    `incident` is as it should be now, `views` are by target. `look_at` is when something changes by time
    alone (ms), None where nothing does. `untargeted` holds by episode the members that no target sees,
    with the reason; `untargeted_counts` counts them. `counted` are the counts, by target, of the members
    that an earlier plan has counted and this one did not look at; it is empty where this one looked at
    all of them. Then `updates` says when the other targets may be sent an update (ms), by target.
    """

    incident: Incident
    views: Mapping[str, View]
    look_at: int | None
    untargeted: Mapping[str, Verdict]
    untargeted_counts: StatusCounts
    counted: Mapping[str, StatusCounts] = {}
    updates: Mapping[str, int] = {}


def resolve(
    views: Mapping[str, View], audience: Audience, snapshot: IncidentSnapshot, policy: Policy, now: int
) -> Plan:
    """Conclude the incident itself from its views."""
    incident = _resolved(snapshot, views, now)
    incident = _note_unheard(incident, unheard_alerts(views, audience, snapshot, now), now)
    times = [*_incident_times(snapshot, incident, policy, now), *_view_times(views, snapshot, incident, now)]
    look_at = earliest(*(time for time in times if time is not None and time > now))
    return Plan(incident, views, look_at, audience.untargeted, _count_untargeted(audience.untargeted))


def _resolved(snapshot: IncidentSnapshot, views: Mapping[str, View], now: int) -> Incident:
    """Resolve the incident for good once every view has been quiet for its own `resolve_after`."""
    incident = snapshot.incident
    # While something fires, or an end waits for a heartbeat, the incident is not over for the people in it.
    if snapshot.firing or incident.resolved_at or any(view.resolve_pending for view in views.values()):
        return incident
    # Resolved is for good and a later firing is a new incident, so the most patient target decides.
    quiet_until = latest(*(ends_at(view) for view in views.values()))
    quiet = quiet_until is None or now >= quiet_until
    return msgspec.structs.replace(incident, resolved_at=now) if quiet else incident


def _note_unheard(incident: Incident, unheard: tuple[UnheardAlert, ...], now: int) -> Incident:
    """Note what nobody could be told of and since when, or that somebody has heard of everything."""
    if unheard == incident.unheard and bool(unheard) is bool(incident.unheard_since):
        return incident
    # Keep the first timestamp: it shows for how long people have not been told.
    since = (incident.unheard_since or now) if unheard else None
    return msgspec.structs.replace(incident, unheard_since=since, unheard=unheard)


def _incident_times(
    snapshot: IncidentSnapshot, incident: Incident, policy: Policy, now: int
) -> Iterator[int | None]:
    """Yield when the incident changes by time alone, whatever its targets; times that are over, and None, are
    among them.
    """
    # A disputed firing that still stands at that time is told.
    for alert in snapshot.firing:
        yield alert.held_until
    # What still fires at that time is told again: a close by hand hides nothing for ever.
    if incident.closed is not None:
        yield incident.closed.until
    # What was snoozed and still fires then calls people again.
    if incident.snoozed is not None:
        yield snapshot.when(incident.snoozed.until, now)
    # While nothing fires, no end of a mute, a silence or a pause changes what people are told.
    if incident.firing:
        wall = snapshot.wall(now)
        yield snapshot.when(policy.suppressor.next_change(wall), now)
        yield snapshot.when(snapshot.controls.next_change(snapshot.firing, wall), now)


def _view_times(
    views: Mapping[str, View], snapshot: IncidentSnapshot, incident: Incident, now: int
) -> Iterator[int | None]:
    """Yield when a view changes by time alone; times that are over, and None, are among them."""
    over = bool(incident.resolved_at or incident.firing)
    for view in views.values():
        if not over:
            yield ends_at(view)
        yield view.look_at
        yield _fallback_time(view, snapshot.closed_lanes.get(view.target))
        yield remind_at(view, incident, view.ledger)
        yield from next_looks(view)
        for member in view.resolve_pending:
            if member.resolve_held_by is not None:
                yield member.resolve_held_by.until
        for member in view.members:
            if member.suppressed_by is not None and member.alert.firing:
                until = member.suppressed_by.until
                # What keeps news away goes by people's time, as a silence does; a wait goes by ours.
                yield snapshot.when(until, now) if member.suppressed_by.reason in QUIETING else until
                # A critical alert is told when `longest_hold` is over, even if the hold
                # itself would last longer.
                if member.suppressed_by.outcome == MemberStatus.HELD:
                    yield member.held_no_longer_than


def failing_since(view: View, lane_closed_since: int | None) -> int | None:
    """Return since when the target could not be notified of what is due, None where that is not so (ms).

    A target fails when it was tried in vain, or when its vendor has closed its lane, so that nothing is even
    tried.
    """
    if (
        view.ledger.failing_since is not None
        or lane_closed_since is None
        or view.due is None
        or not view.differs
    ):
        return view.ledger.failing_since
    # Nobody missed anything before the notification was due, so the failure counts from then.
    return max(view.due, lane_closed_since)


def _fallback_time(view: View, lane_closed_since: int | None) -> int | None:
    """Return when what is due and not notified by then is looked at once more, since its fallback takes over
    then.
    """
    if view.ledger.fell_back_at or view.destination is None or not view.destination.fallback:
        return None
    if not is_owed_anything(view) and view.ledger.failing_since and view.ledger.next_try:
        # It was tried in vain, and nobody waits any more: that is forgotten then.
        return view.ledger.next_try + view.destination.fallback_after
    due = view.due if view.differs else None
    since = failing_since(view, lane_closed_since) or due
    return None if since is None else since + view.destination.fallback_after


def remind_at(view: View, incident: Incident, ledger: Ledger) -> int | None:
    """Return when the thread is told again that the incident still fires, not acknowledged
    here; None for never (ms).
    """
    reminds = [recipient.route.remind for recipient in recipients_of(view.firing) if recipient.route.remind]
    # Whoever acknowledged the incident knows of it, and without a message there is no thread to remind in.
    if not reminds or incident.acknowledged or ledger.message_ref is None:
        return None
    last = latest(ledger.first_notified_at, ledger.reminded_at)
    # Of several routes the one that reminds soonest decides.
    return None if last is None else last + min(reminds)


def _count_untargeted(untargeted: Mapping[str, Verdict]) -> StatusCounts:
    counts = dict.fromkeys(MemberStatus, 0)
    for verdict in untargeted.values():
        counts[MemberStatus(verdict.outcome)] += 1
    return StatusCounts(
        members=len(untargeted),
        undeliverable=counts[MemberStatus.UNDELIVERABLE],
        suppressed=counts[MemberStatus.SUPPRESSED],
        held=counts[MemberStatus.HELD],
        reasons=reasons(untargeted.values()),
    )
