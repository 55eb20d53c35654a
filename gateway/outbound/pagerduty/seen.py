"""Read what PagerDuty's REST API shows of incidents.

https://developer.pagerduty.com/api-reference
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.model.vendor_view import (
    ACKNOWLEDGED,
    RESOLVED,
    TRIGGERED,
    SeenChange,
    SeenIncident,
    SeenPerson,
    SeenShift,
    SeenWindow,
)
from gateway.outbound.pagerduty.webhook import (
    MAX_NAME,
    MAX_TEXT,
    PagerDutyEvent,
    instant,
    person_id_of,
    person_of,
    service_of,
)

STATUSES = (TRIGGERED, ACKNOWLEDGED, RESOLVED)
MAX_PEOPLE = 50


def read_incidents(answer: Mapping[str, Any], key: str = "") -> list[SeenIncident]:
    """Return the incidents of a list. `key` is the one that was asked for, if one was.

    An incident whose alerts stand for themselves has no key of its own, and is found by that of its alert.
    """
    listed = answer.get("incidents")
    found = (
        [_read(item, key) for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    )
    return [incident for incident in found if incident is not None]


def _read(item: Mapping[str, Any], key: str) -> SeenIncident | None:
    """Return the incident, None for one that says too little of itself to be of use."""
    named, status = item.get("incident_key"), item.get("status")
    changed = item.get("last_status_change_at") or item.get("updated_at") or item.get("created_at")
    try:
        changed_at = instant(changed)
    except ValueError:
        return None
    if status not in STATUSES or not isinstance(item.get("id"), str):
        return None
    changer = _changer_in(item, status)
    return SeenIncident(
        id=item["id"],
        key=key or (named if isinstance(named, str) else ""),
        status=status,
        changed_at=changed_at,
        changed_by=person_of(changer),
        places=service_of(item),
        assigned=_assigned(item),
        policy=_id_of(item.get("escalation_policy")),
        changed_by_id=person_id_of(changer),
    )


def _assigned(item: Mapping[str, Any]) -> tuple[SeenPerson, ...]:
    listed = item.get("assignments")
    found = (
        [read_person(one.get("assignee")) for one in listed if isinstance(one, dict)]
        if isinstance(listed, list)
        else []
    )
    return tuple(person for person in found[:MAX_PEOPLE] if person is not None)


def read_person(item: object) -> SeenPerson | None:
    """Return a person, of whom the whole or a reference may be there; None for what is no person.

    https://developer.pagerduty.com/api-reference/005299ce43553-list-users
    """
    if not isinstance(item, dict) or item.get("type") not in ("user", "user_reference") or not _id_of(item):
        return None
    name, zone = item.get("summary") or item.get("name"), item.get("time_zone")
    return SeenPerson(
        _id_of(item),
        name.strip()[:MAX_NAME] if isinstance(name, str) else "",
        zone[:MAX_NAME] if isinstance(zone, str) else "",
    )


def read_notified(answer: Mapping[str, Any]) -> list[SeenPerson]:
    """Return whom a log says to have been notified: https://developer.pagerduty.com/api-reference (NotifyLogEntry)"""
    listed = answer.get("log_entries")
    entries = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    found = [read_person(item.get("user")) for item in entries if item.get("type") == "notify_log_entry"]
    return [person for person in found if person is not None]


def read_shifts(answer: Mapping[str, Any]) -> list[SeenShift]:
    """Return the shifts of a list of who is on call, those alone that say of whom they are and for whom
    they come.
    """
    listed = answer.get("oncalls")
    found = []
    for item in listed if isinstance(listed, list) else []:
        person = read_person(item.get("user")) if isinstance(item, dict) else None
        level = item.get("escalation_level") if isinstance(item, dict) else None
        if person is None or not isinstance(level, int):
            continue
        try:
            begins, ends = (instant(at) if (at := item.get(name)) else None for name in ("start", "end"))
        except ValueError:
            continue
        found.append(SeenShift(person, level, begins, ends))
    return found


def read_windows(answer: Mapping[str, Any]) -> list[SeenWindow]:
    """Return the maintenance windows of a list: https://developer.pagerduty.com/api-reference (MaintenanceWindow)"""
    found = []
    for item in _dicts(answer.get("maintenance_windows")):
        services = _dicts(item.get("services"))
        places = tuple(name for service in services for name in service_of({"service": service}))
        try:
            begins, ends = (instant(item.get(name)) for name in ("start_time", "end_time"))
        except ValueError:
            continue
        found += [SeenWindow(places, begins, ends)] if places else []
    return found


def read_changes(answer: Mapping[str, Any]) -> list[SeenChange]:
    """Return the change events of a list: https://developer.pagerduty.com/api-reference (ChangeEvent)"""
    found = []
    for item in _dicts(answer.get("change_events")):
        link = next(
            (link["href"] for link in _dicts(item.get("links")) if isinstance(link.get("href"), str)), ""
        )
        summary, source = item.get("summary"), item.get("source")
        try:
            at = instant(item.get("timestamp"))
        except ValueError:
            continue
        if _id_of(item) and isinstance(summary, str):
            said = source[:MAX_NAME] if isinstance(source, str) else ""
            # What is no address of the web leads nowhere that people should be led to.
            shown = link[:MAX_TEXT] if link.startswith(("http://", "https://")) else ""
            found.append(SeenChange(_id_of(item), at, summary[:MAX_TEXT], said, shown))
    return found


def _dicts(listed: object) -> list[dict[str, Any]]:
    return [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []


def _id_of(item: object) -> str:
    found = item.get("id") if isinstance(item, dict) else None
    return found[:MAX_NAME] if isinstance(found, str) else ""


def _changer_in(item: Mapping[str, Any], status: str) -> object:
    """Return who changed its status: where that is not said, whoever acknowledged it last."""
    if "last_status_change_by" in item:
        return item["last_status_change_by"]
    listed = item.get("acknowledgements") if status == ACKNOWLEDGED else None
    last = listed[-1] if isinstance(listed, list) and listed else None
    return last.get("acknowledger") if isinstance(last, dict) else None


def event_of(seen: SeenIncident, kind: str) -> PagerDutyEvent:
    """Return what happened as if a webhook had said it."""
    incident, _, generation = seen.key.rpartition(".")
    return PagerDutyEvent(
        id=f"seen|{seen.id}|{kind}|{seen.changed_at}",
        kind=kind,
        happened_at=seen.changed_at,
        incident=incident,
        generation=int(generation),
        dedup_key=seen.key,
        person=seen.changed_by,
        service=seen.places,
        whole_seconds=True,
        person_id=seen.changed_by_id,
    )
