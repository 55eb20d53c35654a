"""The body of a webhook (v3): one event of one incident, in the published shape.

https://developer.pagerduty.com/docs/webhooks-overview
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from gateway.sandbox.pagerduty.account import Incident, JsonObject
from gateway.sandbox.pagerduty.people import policy_of, user
from gateway.sandbox.pagerduty.rest import service, stamp

INTEGRATION: JsonObject = {
    "id": "PINTEGR",
    "summary": "Events API V2",
    "type": "inbound_integration_reference",
}
"""The agent of whatever an event of an integration has changed."""

WEBSITE: JsonObject = {"name": "PagerDuty"}
"""The client of what a person does on PagerDuty's own pages."""

PLACES = {
    "user_reference": "users",
    "service_reference": "services",
    "escalation_policy_reference": "escalation_policies",
    "priority_reference": "priorities",
    "incident": "incidents",
    "incident_reference": "incidents",
}


def webhook_body(
    incident: Incident,
    kind: str,
    *,
    id_: str,
    at: datetime,
    base: str,
    agent: JsonObject | None,
    client: JsonObject | None = None,
    text: str = "",
) -> bytes:
    """Return the body. `base` is the address of this PagerDuty, and `text` the note where it is about one."""
    data = _note(incident, text, base) if kind == "annotated" else _incident(incident, base)
    return body_of(f"incident.{kind}", data, id_=id_, at=at, agent=_linked(agent, base), client=client)


def ping_body(*, id_: str, at: datetime) -> bytes:
    """Return the body of the event that tries a subscription out."""
    data: JsonObject = {"message": "Hello from your friend Pagey!", "type": "ping"}
    return body_of("pagey.ping", data, id_=id_, at=at, agent=None, client=None)


def body_of(
    event_type: str,
    data: JsonObject,
    *,
    id_: str,
    at: datetime,
    agent: JsonObject | None,
    client: JsonObject | None,
) -> bytes:
    event = {
        "id": id_,
        "event_type": event_type,
        "resource_type": event_type.partition(".")[0],
        "occurred_at": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "agent": agent,
        "client": client,
        "data": data,
    }
    return json.dumps({"event": event}).encode()


def client_of(event: JsonObject) -> JsonObject | None:
    """Return who sent an event, as the sender itself says."""
    name, url = event.get("client"), event.get("client_url")
    return {"name": name} | ({"url": url} if url else {}) if name else None


def _incident(incident: Incident, base: str) -> JsonObject:
    of_service = service(incident)
    policy = policy_of(of_service)
    if incident.policy:
        policy |= {"id": user(incident.policy)["id"], "summary": incident.policy}
    priority: JsonObject = {"type": "priority_reference", "summary": incident.priority}
    whole: JsonObject = {
        "id": incident.id,
        "type": "incident",
        "number": incident.number,
        "status": incident.status,
        "incident_key": incident.dedup_key,
        "created_at": stamp(incident.opened_at),
        "title": incident.title,
        "service": _linked(of_service, base),
        "assignees": [_linked(user(page.to), base) for page in incident.pages[-1:] if incident.open],
        "escalation_policy": _linked(policy, base),
        "teams": [],
        "priority": _linked({"id": f"P{incident.priority}", **priority}, base) if incident.priority else None,
        "urgency": incident.urgency,
        "conference_bridge": None,
        "resolve_reason": None,
    }
    return _with_links(whole, base)


def _note(incident: Incident, content: str, base: str) -> JsonObject:
    """Return a note. What it names of its incident is a reference, which has no `incident_key`."""
    reference: JsonObject = {"id": incident.id, "summary": incident.title, "type": "incident_reference"}
    return {
        "incident": _with_links(reference, base),
        "id": f"{incident.id}N{len(incident.notes)}",
        "content": content,
        "trimmed": False,
        "type": "incident_note",
    }


def _linked(reference: JsonObject | None, base: str) -> JsonObject | None:
    return _with_links(reference, base) if reference is not None else None


def _with_links(reference: JsonObject, base: str) -> JsonObject:
    place = PLACES.get(str(reference.get("type")), "")
    if not place:
        return reference
    anchor = f"#{reference['id']}" if place == "incidents" else f"{place}/{reference['id']}"
    return {"html_url": f"{base}/{anchor}", "self": f"{base}/{place}/{reference['id']}", **reference}
