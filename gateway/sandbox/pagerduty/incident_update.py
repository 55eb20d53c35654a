"""What a request to change an incident asks for: https://developer.pagerduty.com/api-reference (updateIncident)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gateway.sandbox.pagerduty.account import Incident
from gateway.sandbox.pagerduty.acts import OFFERED
from gateway.sandbox.pagerduty.rest import BadQuery

BY_STATUS = {"resolved": "resolved", "acknowledged": "acknowledged", "triggered": "unacknowledged"}


def acts_in(body: object, incident: Incident) -> list[tuple[str, str]]:
    """Return the acts that a body asks for, each with its text. Raises `BadQuery`."""
    asked = body.get("incident") if isinstance(body, dict) else None
    if not isinstance(asked, dict) or asked.get("type") not in ("incident", "incident_reference"):
        raise BadQuery("the body must have an incident with its type")
    acts = [*_acts(asked, incident)]
    for kind, _ in acts:
        if kind not in OFFERED[incident.status]:
            raise BadQuery(f"Incident is {incident.status} and cannot be {kind}")
    return acts


def _acts(asked: Mapping[str, object], incident: Incident) -> Iterator[tuple[str, str]]:
    status = asked.get("status")
    if status is not None and status not in BY_STATUS:
        raise BadQuery(f"status must be one of {', '.join(BY_STATUS)}")
    if status is not None and status != incident.status:
        # What is resolved is opened again by either of the two other statuses.
        yield "reopened" if incident.status == "resolved" else BY_STATUS[str(status)], ""
    if "escalation_level" in asked:
        yield "escalated", f"level {asked['escalation_level']}"
    assignments = asked.get("assignments")
    for assignment in assignments if isinstance(assignments, list) else []:
        yield "reassigned", _name_of(assignment.get("assignee") if isinstance(assignment, dict) else None)
    if "escalation_policy" in asked:
        yield "delegated", _name_of(asked["escalation_policy"])
    if "priority" in asked:
        yield "priority_updated", _name_of(asked["priority"])


def _name_of(reference: object) -> str:
    """Return the name of what is referred to, or else its id."""
    if isinstance(reference, dict):
        reference = reference.get("summary") or reference.get("name") or reference.get("id")
    return str(reference or "")
