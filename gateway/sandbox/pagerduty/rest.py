"""Incidents, alerts and log entries in the shape in which the REST API answers them.

https://developer.pagerduty.com/api-reference
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from starlette.datastructures import QueryParams

from gateway.sandbox.pagerduty.account import Account, Incident, LogEntry
from gateway.sandbox.pagerduty.people import Person, oncall_json, policy_of, user, whole_user

JsonObject = dict[str, object]
LIMIT_MAX = 100
ORDERS = ("incident_number:asc", "incident_number:desc", "created_at:asc", "created_at:desc")


class BadQuery(Exception):
    """Answered with 400 and this text."""


def incidents_page(account: Account, query: QueryParams, base: str) -> JsonObject:
    """Newest last, as PagerDuty sorts by incident number unless asked otherwise."""
    statuses, key = query.getlist("statuses[]"), query.get("incident_key")
    order = query.get("sort_by", "incident_number:asc")
    if order not in ORDERS:
        raise BadQuery(f"sort_by must be one of {', '.join(ORDERS)}")
    kept = [
        incident
        for incident in account.incidents
        if (not statuses or incident.status in statuses) and (key is None or incident.dedup_key == key)
    ]
    if order.endswith(":desc"):
        kept.reverse()
    shown = [incident_json(incident, base) for incident in kept]
    if "assignees" in query.getlist("include[]"):
        for incident, item in zip(kept, shown, strict=True):
            item["assignments"] = [
                {"at": stamp(page.at), "assignee": whole_user(page.to, account.people)}
                for page in incident.pages[-1:]
                if incident.open
            ]
    return listing("incidents", shown, query)


def writer(account: Account, sender: str) -> Person:
    """Return the user with this address of mail, in whose name something is to be done."""
    person = next((person for person in account.people if person.email == sender), None)
    if person is None:
        raise BadQuery("Requester User Not Found")
    return person


def note_in(body: object) -> str:
    """Return the text of the note that is to be written."""
    note = body.get("note") if isinstance(body, dict) else None
    content = note.get("content") if isinstance(note, dict) else None
    if not isinstance(content, str) or not content:
        raise BadQuery("Content cannot be empty")
    return content


def oncalls_page(account: Account, query: QueryParams) -> JsonObject:
    """Who is on call, for each of the escalation policies that are asked for, in the time that is asked for."""
    since, until = (_instant(query, name) for name in ("since", "until"))
    shifts = [
        oncall_json(shift, policy)
        for policy in query.getlist("escalation_policy_ids[]")
        for shift in account.shifts
        if (shift.end is None or shift.end > since) and (shift.start is None or shift.start <= until)
    ]
    return listing("oncalls", shifts, query)


def windows_page(account: Account, query: QueryParams, now: datetime) -> JsonObject:
    """The maintenance windows; of `filter` only `ongoing` and `past` are known here."""
    which = query.get("filter", "ongoing")
    if which not in ("ongoing", "past"):
        raise BadQuery("filter must be ongoing or past")
    over = which == "past"
    asked = [one for one in account.windows if one.start <= now and (one.end <= now) is over]
    shown: list[JsonObject] = [
        {
            "id": f"M{number}",
            "type": "maintenance_window",
            "start_time": window.start.isoformat(),
            "end_time": window.end.isoformat(),
            "services": [{"id": f"S{number}", "type": "service_reference", "summary": window.service}],
        }
        for number, window in enumerate(asked)
    ]
    return listing("maintenance_windows", shown, query)


def changes_page(account: Account, service_id: str, query: QueryParams) -> JsonObject:
    """The change events of a service since a time."""
    since = _instant(query, "since")
    shown: list[JsonObject] = [
        {
            "id": f"C{number}",
            "type": "change_event",
            "timestamp": stamp(change.at),
            "summary": change.summary,
            "source": change.source,
            "links": [{"href": change.link, "text": "more"}] if change.link else [],
            "services": [{"id": service_id, "type": "service_reference"}],
        }
        for number, change in enumerate(account.changes)
        if change.service == service_id and change.at >= since
    ]
    return listing("change_events", shown, query)


def _instant(query: QueryParams, name: str) -> datetime:
    try:
        return datetime.fromisoformat(query[name])
    except (KeyError, ValueError) as error:
        raise BadQuery(f"{name} must be a time") from error


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
        "updated_at": stamp(_changed_at(incident)),
        "last_status_change_at": stamp(_changed_at(incident)),
        "last_status_change_by": user(incident.changed_by) if incident.changed_by else service(incident),
        "resolved_at": stamp(incident.resolved_at) if incident.resolved_at else None,
        "acknowledgements": _acknowledgements(incident),
        "assignments": [
            {"at": stamp(page.at), "assignee": user(page.to)} for page in incident.pages[-1:] if incident.open
        ],
        "service": service(incident),
        "escalation_policy": policy_of(service(incident)),
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
        "service": service(incident),
        "incident": {"id": incident.id, "type": "incident_reference"},
        "body": {
            "type": "alert_body",
            "details": incident.payload.get("custom_details", {}),
            "cef_details": incident.payload,
        },
        "html_url": f"{base}/#{incident.id}",
    }


ENTRIES = {
    "acknowledged": "acknowledge",
    "unacknowledged": "unacknowledge",
    "resolved": "resolve",
    "escalated": "escalate",
    "reassigned": "assign",
    "delegated": "delegate",
    "annotated": "annotate",
    "priority_updated": "priority_change",
}
"""The kinds of log entries that people's acts are, by the kinds of their webhooks."""


def log_entry_json(incident: Incident, number: int, entry: LogEntry) -> JsonObject:
    person = str(entry.event.get("by", ""))
    kind = ENTRIES.get(entry.kind, entry.kind)
    more: JsonObject = {"user": user(str(entry.event["to"]))} if kind == "notify" else {}
    return more | {
        "id": f"{incident.id}L{number}",
        "type": f"{kind}_log_entry",
        "created_at": stamp(entry.at),
        "agent": user(person) if person else service(incident),
        "channel": {"type": "website" if person else "auto" if kind == "notify" else "api"} | entry.event,
        "incident": {"id": incident.id, "type": "incident_reference"},
    }


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _changed_at(incident: Incident) -> datetime:
    return incident.changed_at or incident.opened_at


def _acknowledgements(incident: Incident) -> list[JsonObject]:
    if incident.status != "acknowledged":
        return []
    who = user(incident.changed_by) if incident.changed_by else service(incident)
    return [{"at": stamp(_changed_at(incident)), "acknowledger": who}]


def service(incident: Incident) -> JsonObject:
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


def part_of(incident: Incident, path: str, query: QueryParams, url: str) -> JsonObject:
    """Return the incident itself, or the part of it that the path names: its alerts, notes or log entries."""
    if path.endswith("/alerts"):
        return listing("alerts", [alert_json(incident, url)], query)
    if path.endswith("/notes"):
        return {"notes": incident.notes}
    if path.endswith("/log_entries"):
        entries = [log_entry_json(incident, number, entry) for number, entry in enumerate(incident.log)]
        return listing("log_entries", entries[::-1], query)
    return {"incident": incident_json(incident, url)}
