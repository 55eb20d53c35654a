"""Incidents, alerts and log entries in the shape in which the REST API answers them.

https://developer.pagerduty.com/api-reference
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from starlette.datastructures import QueryParams

from gateway.sandbox.pagerduty.account import Incident, LogEntry

JsonObject = dict[str, object]
LIMIT_MAX = 100


class BadQuery(Exception):
    """Answered with 400 and this text."""


def incidents_page(incidents: Sequence[Incident], query: QueryParams, base: str) -> JsonObject:
    """Newest last, as PagerDuty sorts by incident number unless asked otherwise."""
    statuses, key = query.getlist("statuses[]"), query.get("incident_key")
    kept = [
        incident
        for incident in incidents
        if (not statuses or incident.status in statuses) and (key is None or incident.dedup_key == key)
    ]
    return listing("incidents", [incident_json(incident, base) for incident in kept], query)


def listing(name: str, items: Sequence[JsonObject], query: QueryParams) -> JsonObject:
    limit, offset = min(_number(query, "limit", 25), LIMIT_MAX), _number(query, "offset", 0)
    total = len(items) if query.get("total") == "true" else None
    shown = items[offset : offset + limit]
    return {
        name: shown,
        "limit": limit,
        "offset": offset,
        "more": offset + limit < len(items),
        "total": total,
    }


def incident_json(incident: Incident, base: str) -> JsonObject:
    return {
        "id": incident.id,
        "type": "incident",
        "incident_number": incident.number,
        "title": incident.title,
        "summary": f"[#{incident.number}] {incident.title}",
        "status": incident.status,
        "urgency": incident.urgency,
        "incident_key": incident.dedup_key,
        "created_at": stamp(incident.opened_at),
        "resolved_at": stamp(incident.resolved_at) if incident.resolved_at else None,
        "service": _service(incident),
        "self": f"{base}/incidents/{incident.id}",
        "html_url": f"{base}/#{incident.id}",
        "alert_counts": {"all": 1, "triggered": int(incident.open), "resolved": int(not incident.open)},
    }


def alert_json(incident: Incident, base: str) -> JsonObject:
    return {
        "id": f"{incident.id}A",
        "type": "alert",
        "summary": incident.title,
        "status": "triggered" if incident.open else "resolved",
        "severity": incident.severity,
        "alert_key": incident.dedup_key,
        "created_at": stamp(incident.opened_at),
        "service": _service(incident),
        "incident": {"id": incident.id, "type": "incident_reference"},
        "body": {
            "type": "alert_body",
            "details": incident.payload.get("custom_details", {}),
            "cef_details": incident.payload,
        },
        "html_url": f"{base}/#{incident.id}",
    }


def log_entry_json(incident: Incident, number: int, entry: LogEntry) -> JsonObject:
    return {
        "id": f"{incident.id}L{number}",
        "type": f"{entry.kind}_log_entry",
        "created_at": stamp(entry.at),
        "agent": {"type": "service_reference", "summary": incident.service, "id": _service(incident)["id"]},
        "channel": {"type": "auto" if entry.kind == "notify" else "api"} | entry.event,
        "incident": {"id": incident.id, "type": "incident_reference"},
    }


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _service(incident: Incident) -> JsonObject:
    return {
        "id": f"P{incident.routing_key[-6:].upper()}",
        "type": "service_reference",
        "summary": incident.service,
    }


def _number(query: QueryParams, name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isdecimal():
        raise BadQuery(f"{name} must be a whole number, not {text!r}")
    return int(text)
