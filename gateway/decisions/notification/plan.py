"""Plan: for one incident, what every target should have been notified of, when at the latest, and when to
look again.

The delivery of each target asks the very same function again just before it sends, so that what is sent is
the newest state.
"""

from __future__ import annotations

from dataclasses import replace

from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.notification.assumptions import log_believed_no_longer
from gateway.decisions.notification.audience import seat
from gateway.decisions.notification.bypassed import mark_bypassed
from gateway.decisions.notification.conclude import conclude
from gateway.decisions.notification.members import route, suppress
from gateway.decisions.notification.resolve import Plan, resolve
from gateway.decisions.policy import Policy
from gateway.decisions.suppression.suppress import lapse


def plan(snapshot: IncidentSnapshot, policy: Policy, now: int) -> Plan:
    """Decide on one incident at the time `now` (ms).

    These five steps are the second half of the path of an alert.
    """
    # A close by hand that no longer holds goes first: it must not keep quiet what has got worse since.
    snapshot = replace(snapshot, incident=lapse(snapshot.incident, snapshot.firing, now))
    snapshot = log_believed_no_longer(snapshot, policy.rules.destinations)
    routed = route(snapshot, policy, now)
    judged = suppress(routed, snapshot, policy, now)
    audience = seat(judged, snapshot, policy, now)
    audience = mark_bypassed(audience, routed, snapshot, policy, now)
    views = conclude(audience, snapshot.incident, now)
    return resolve(views, audience, snapshot, policy, now)
