"""Say for how long a further alert would wait to be planned, once
people know of its incident: the `joining` of `gateway explain`.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.intake.patience import LONGEST_MS, PER_MEMBER_MS, Patience
from gateway.decisions.notification.plan import plan
from gateway.decisions.notification.view import View
from gateway.decisions.policy import Policy
from gateway.model.alert import Alert
from gateway.model.incident import Incident
from gateway.model.ledger import Endpoint, Ledger, NotifiedState
from gateway.model.rule_generation import RuleGeneration

MANY = LONGEST_MS // PER_MEMBER_MS  # members from which a join waits for no longer


def told(snapshot: IncidentSnapshot, policy: Policy, now: int) -> Incident:
    """Return the incident as its next plan leaves it, once each target was told what it is due."""
    planned = plan(snapshot, policy, now)
    ledgers = {
        target: _told(view, snapshot.incident.id)
        for target, view in planned.views.items()
        if view.due is not None and view.desired.state is NotifiedState.FIRING
    }
    later = max((view.due or now for view in planned.views.values()), default=now)
    known = replace(snapshot, ledgers={**snapshot.ledgers, **ledgers})
    return plan(known, policy, max(now, later)).incident


def _told(view: View, incident: str) -> Ledger:
    assert view.destination is not None
    assert view.due is not None
    destination = view.destination
    return msgspec.structs.replace(
        Ledger(incident, view.target, destination.name),
        endpoint=Endpoint(destination.kind, view.address, destination.credential, ""),
        last_notified=view.desired,
        notified_at=view.due,
        first_notified_at=view.due,
    )


def wait_of(alert: Alert, incident: Incident, patience: Patience, wall: int) -> int:
    """Return for how long one more alert like this one may wait there (ms), 0 where it is planned at once.

    The incident is taken to have many members.
    """
    return patience.wait(alert, incident, MANY, RuleGeneration(), wall, wall)
