"""Plan: for one incident, what every target should have been notified of, when at the latest, and when to
look again.

The delivery of each target asks the very same function again just before it sends, so that what is sent is
the newest state.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import msgspec

from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.notification.assumptions import log_believed_no_longer
from gateway.decisions.notification.audience import seat
from gateway.decisions.notification.bypassed import mark_bypassed
from gateway.decisions.notification.conclude import conclude
from gateway.decisions.notification.escalate import escalate
from gateway.decisions.notification.heard import heard_by_targets
from gateway.decisions.notification.joined import onto_counted
from gateway.decisions.notification.lapse import lapse
from gateway.decisions.notification.members import route, suppress
from gateway.decisions.notification.resolve import Plan, resolve
from gateway.decisions.notification.view import View
from gateway.decisions.policy import Policy
from gateway.model.incident import Snooze
from gateway.model.instants import earliest
from gateway.model.path import Lap, Step, unwatched
from gateway.model.verdict import Reason


def plan(snapshot: IncidentSnapshot, policy: Policy, now: int, lap: Lap = unwatched) -> Plan:
    """Decide on one incident at the time `now` (ms).

    These five steps are the second half of the path of an alert; `lap` is called at the end of each.
    """
    # A person's act that no longer holds goes first: it must not keep quiet what has got worse since.
    held = lapse(snapshot.incident, snapshot.firing, now, snapshot.wall(now))
    snapshot = replace(snapshot, incident=held)
    snapshot = log_believed_no_longer(snapshot, policy.rules.destinations)
    routed = route(snapshot, policy, now)
    lap(Step.ROUTE)
    judged = suppress(routed, snapshot, policy, now)
    escalated = escalate(judged, snapshot, policy, now)
    judged, snapshot = escalated.judged, replace(snapshot, incident=escalated.incident)
    lap(Step.SUPPRESS)
    audience = seat(judged, snapshot, policy, now)
    audience = mark_bypassed(audience, routed, snapshot, policy, now)
    lap(Step.SEAT)
    views = conclude(audience, snapshot.incident, now)
    lap(Step.CONCLUDE)
    if held.snoozed is not None and any(_pages_newly(view, held.snoozed) for view in views.values()):
        # The snooze was for what fired then, and somebody is called again: all of it is told once more.
        awake = msgspec.structs.replace(snapshot.incident, snoozed=None)
        return plan(replace(snapshot, incident=awake), policy, now, lap)
    planned = resolve(views, audience, snapshot, policy, now)
    lap(Step.RESOLVE)
    heard = heard_by_targets(views, routed, snapshot, now)
    return msgspec.structs.replace(
        planned,
        incident=msgspec.structs.replace(
            planned.incident, heard=heard, touched=planned.incident.touched or _is_silenced(views.values())
        ),
        look_at=earliest(planned.look_at, escalated.look_at),
    )


def plan_joined(snapshot: IncidentSnapshot, policy: Policy, now: int, lap: Lap = unwatched) -> Plan | None:
    """Decide on an incident of which only the members that joined were read, by the same steps (`joined.py`).

    Return None where every member has to be looked at.
    """
    return onto_counted(plan(snapshot, policy, now, lap), snapshot, now)


def _is_silenced(views: Iterable[View]) -> bool:
    """Return whether a person keeps quiet what people were told of: that is work with it."""
    return any(
        member.suppressed_by is not None and member.suppressed_by.reason is Reason.SILENCED
        for view in views
        for member in view.silenced_after_notify
    )


def _pages_newly(view: View, snoozed: Snooze) -> bool:
    """Return whether a member that joined after the snooze pages here."""
    return view.desired.paged and any(
        member.member.joined_at > snoozed.at and any(recipient.page for recipient in member.recipients)
        for member in view.firing
    )
