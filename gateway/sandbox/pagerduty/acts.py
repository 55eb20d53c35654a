"""What people do with the incidents of the local PagerDuty, and what its time-outs and rules do."""

from __future__ import annotations

from datetime import datetime

from gateway.sandbox.pagerduty.account import Account, Incident, LogEntry, Page
from gateway.sandbox.pagerduty.people import user

WHILE_OPEN = ("resolved", "reassigned", "escalated", "delegated", "priority_updated", "annotated")
OFFERED = {
    "triggered": ("acknowledged", *WHILE_OPEN),
    "acknowledged": ("unacknowledged", *WHILE_OPEN),
    "resolved": ("reopened", "annotated"),
}
"""What can be done with an incident, by its status. Each is the kind of the webhook that then says so."""

STATUS_ACTS = ("acknowledged", "unacknowledged", "resolved", "reopened")


def act(
    account: Account, incident: Incident, kind: str, now: datetime, person: str = "", text: str = ""
) -> None:
    """Do it and write it into the incident's log. Without a `person` a time-out or a rule does it.

    `text` is the note, the priority, the policy that it is delegated to, or who has it from now on.
    """
    match kind:
        case "acknowledged":
            incident.status, incident.acknowledged_at = "acknowledged", now
        case "unacknowledged":
            incident.status, incident.acknowledged_at = "triggered", None
            _call(incident, now)
        case "resolved":
            account.close(incident, now)
        case "reopened":
            account.open_again(incident)
            _call(incident, now)
        case "escalated" | "reassigned":
            _call(incident, now, to=text or incident.service)
        case "delegated":
            incident.policy = text
            _call(incident, now, to=f"on call for {text}")
        case "priority_updated":
            incident.priority = text
        case "annotated":
            incident.notes.append(_note(incident, person, text, now))
    if kind in STATUS_ACTS:
        incident.changed_at, incident.changed_by = now, person
    incident.log.append(LogEntry(now, kind, {"by": person, "text": text}))


def _call(incident: Incident, now: datetime, to: str = "") -> None:
    page = Page(now, to or f"on call for {incident.service}", incident.urgency)
    incident.pages.append(page)
    incident.log.append(LogEntry(now, "notify", {"to": page.to}))


def _note(incident: Incident, person: str, content: str, now: datetime) -> dict[str, object]:
    return {
        "id": f"N{len(incident.notes)}",
        "user": user(person),
        "channel": {"summary": "The PagerDuty website or APIs"},
        "content": content,
        "created_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
