"""Read a webhook of PagerDuty (v3): what became of one of its incidents, and who did it.

https://developer.pagerduty.com/docs/webhooks-overview
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

MAX_NAME = 80
MAX_TEXT = 1_000


class PagerDutyEvent(msgspec.Struct, frozen=True, gc=False):
    """One event of one incident. `incident` and `generation` are ours, as the dedup key names them; both
    are empty where it names the incident by PagerDuty's own id alone, which is `there`.

    `person` did it, whose id there is `person_id`; empty where no person did: a time-out,
    a rule, or an integration such as ours. `people` are those who have it now, and `text`
    is a note. `service` is the id and the name of the incident's service. `whole_seconds`:
    it was read, and not brought, so that `happened_at` is no more exact than that.
    """

    id: str
    kind: str  # acknowledged, unacknowledged, resolved, …
    happened_at: int  # ms, by PagerDuty's clock
    incident: str
    generation: int
    dedup_key: str
    person: str
    people: tuple[str, ...] = ()
    text: str = ""
    service: tuple[str, ...] = ()
    whole_seconds: bool = False
    person_id: str = ""
    there: str = ""


def read_webhook(body: Mapping[str, Any]) -> PagerDutyEvent | None:
    """Return the event, None for one that is about no incident of ours. Raises `ValueError` for no webhook."""
    event = body.get("event")
    if not isinstance(event, dict) or not isinstance(event.get("event_type"), str) or not event.get("id"):
        raise ValueError("a webhook of PagerDuty has an `event` with its `id` and its `event_type`")
    subject, _, kind = event["event_type"].partition(".")
    data = event.get("data")
    if subject != "incident" or not isinstance(data, dict):
        return None
    about = _incident_in(data)
    said = PagerDutyEvent(
        id=str(event["id"]),
        kind=kind,
        happened_at=instant(event.get("occurred_at")),
        incident="",
        generation=0,
        dedup_key="",
        person=person_of(event.get("agent")),
        people=_people_in(data),
        text=_text_of(data),
        service=service_of(about),
        person_id=person_id_of(event.get("agent")),
        there=_id_of(about),
    )
    key = _key_of(about)
    if not key:
        return said if said.there else None
    return with_key(said, key)


def with_key(event: PagerDutyEvent, key: str) -> PagerDutyEvent | None:
    """Return the event of the page with this key. Other integrations of the
    same service have keys of their own, which are none of our business: None.
    """
    incident, _, generation = key.rpartition(".")
    if not incident or not generation.isascii() or not generation.isdigit():
        return None
    return msgspec.structs.replace(event, incident=incident, generation=int(generation[:9]), dedup_key=key)


def _incident_in(data: Any) -> Mapping[str, Any]:
    """Return the incident. What is about a note or a responder names it inside."""
    inner = data.get("incident")
    return inner if isinstance(inner, dict) and "incident_key" not in data else data


def _id_of(incident: Mapping[str, Any]) -> str:
    found = incident.get("id")
    return found[:MAX_NAME] if isinstance(found, str) else ""


def _key_of(incident: Mapping[str, Any]) -> str:
    key = incident.get("incident_key")
    return key if isinstance(key, str) else ""


def service_of(incident: Mapping[str, Any]) -> tuple[str, ...]:
    service = incident.get("service")
    names = (service.get("id"), service.get("summary")) if isinstance(service, dict) else ()
    return tuple(name for name in names if isinstance(name, str) and name)


def instant(text: object) -> int:
    found = datetime.fromisoformat(text if isinstance(text, str) else "")
    if found.tzinfo is None:
        raise ValueError("a time of PagerDuty's has its offset")
    return round(found.timestamp() * 1000)


def person_of(agent: object) -> str:
    """Return who it was, by name or else by id; empty for an integration or a time-out, whose agent is
    no user.

    https://developer.pagerduty.com/docs/webhooks-overview
    """
    if not isinstance(agent, dict) or agent.get("type") != "user_reference":
        return ""
    return _name_of(agent) or str(agent.get("id") or "")[:MAX_NAME]


def person_id_of(agent: object) -> str:
    found = agent.get("id") if isinstance(agent, dict) and agent.get("type") == "user_reference" else None
    return found[:MAX_NAME] if isinstance(found, str) else ""


def _people_in(data: Any) -> tuple[str, ...]:
    assignees = data.get("assignees") if isinstance(data, dict) else None
    found = assignees if isinstance(assignees, list) else []
    return tuple(name for one in found[:20] if (name := _name_of(one)))


def _name_of(reference: object) -> str:
    name = reference.get("summary") if isinstance(reference, dict) else None
    return name.strip()[:MAX_NAME] if isinstance(name, str) else ""


def _text_of(data: Any) -> str:
    content = data.get("content") if isinstance(data, dict) else None
    return content[:MAX_TEXT] if isinstance(content, str) else ""
