"""Say which step of an escalation brings an incident to a target, and after how long."""

from __future__ import annotations

from typing import Any

from gateway.decisions.notification.view import View
from gateway.decisions.route import Recipient, interrupts
from gateway.model.incident import Incident
from gateway.model.ledger import NotifiedState
from gateway.model.worded import TakenStep


def escalation_facts(view: View, incident: Incident) -> dict[str, Any]:
    """Return the step for the notification, nothing where the route itself tells the target or it is over there."""
    recipient = escalated_by(view)
    if recipient is None or recipient.step is None or view.desired.state is not NotifiedState.FIRING:
        return {}
    route, position = recipient.route, recipient.step - 1
    found = incident.escalations.get(route.name)
    taken_at = found.taken.get(position) if found is not None else None
    # A step of an earlier round called people then, and nobody knows any more after how long.
    after = taken_at - found.since if found is not None and taken_at is not None else None
    unless = route.escalate[position].unless_acknowledged
    return {"escalation": TakenStep(route.name, recipient.step, after, unless)}


def escalated_by(view: View) -> Recipient | None:
    """Return the recipient of the first step that brings the incident to the target, in the role in which
    it is told there; None where a route itself does.
    """
    paged = view.desired.paged
    here = [recipient for recipient in view.recipients if recipient.page or not paged]
    firing = [(member.alert.severity, member.alert.labels) for member in view.firing]
    # What the route names for a page whose condition does not hold calls nobody: the step does.
    if any(
        recipient.step is None and (not paged or interrupts(recipient.route, firing)) for recipient in here
    ):
        return None
    return min((recipient for recipient in here if recipient.step), key=_number, default=None)


def _number(recipient: Recipient) -> int:
    return recipient.step or 0
