"""The people of the local PagerDuty: who they are, and who is on call.

https://developer.pagerduty.com/api-reference
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

JsonObject = dict[str, object]


@dataclass(frozen=True, slots=True)
class Person:
    """A user; without a `time_zone` the account's own counts, which is UTC."""

    name: str
    email: str = ""
    time_zone: str | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch in which a person is called at a level; None: from ever, or for ever."""

    person: str
    level: int = 1
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """A maintenance window of a service, by its name: events for it are taken, and nothing comes of them."""

    service: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """A change event of a service, by its id."""

    service: str
    at: datetime
    summary: str
    source: str = "ci"
    link: str = ""


def user(name: str) -> JsonObject:
    """Return a reference to a person. Two names of the same letters are one person."""
    letters = "".join(character for character in name.upper() if character.isalnum())
    return {"id": f"P{letters}", "type": "user_reference", "summary": name}


def whole_user(name: str, people: Iterable[Person]) -> JsonObject:
    """Return all that is known of a person; anybody may be one."""
    found = next((person for person in people if user(person.name)["id"] == user(name)["id"]), Person(name))
    return user(found.name) | {
        "type": "user",
        "name": found.name,
        "email": found.email or f"{found.name.replace(' ', '.').lower()}@example.com",
        "time_zone": found.time_zone,
    }


def user_by_id(id_: str, people: Iterable[Person]) -> JsonObject | None:
    found = next((person for person in people if user(person.name)["id"] == id_), None)
    return whole_user(found.name, [found]) if found is not None else None


def policy_of(service: Mapping[str, object]) -> JsonObject:
    """Return the escalation policy of a service; each has its own."""
    return {
        "id": f"E{service['id']}",
        "type": "escalation_policy_reference",
        "summary": f"policy of {service['summary']}",
    }


def oncall_json(shift: Shift, policy: str) -> JsonObject:
    return {
        "user": user(shift.person),
        "schedule": {"id": "PSCHED", "type": "schedule_reference", "summary": "rotation"},
        "escalation_policy": {"id": policy, "type": "escalation_policy_reference"},
        "escalation_level": shift.level,
        "start": shift.start.isoformat() if shift.start else None,
        "end": shift.end.isoformat() if shift.end else None,
    }
