"""The memory of the local PagerDuty: incidents, their log, and who was paged when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from gateway.sandbox.pagerduty.events import BadEvent
from gateway.sandbox.pagerduty.people import Change, Person, Shift, Window

JsonObject = dict[str, object]
HIGH_SEVERITIES = {"critical", "error"}


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of an incident's history."""

    at: datetime
    kind: str  # trigger, acknowledge, resolve, notify, or what a person did: reassigned, annotated, …
    event: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """One call that wakes a person; each incident that opens makes one."""

    at: datetime
    to: str
    urgency: str


@dataclass(slots=True)
class Incident:
    """An incident with its one alert, as a service without grouping makes it."""

    number: int
    service: str
    routing_key: str
    dedup_key: str
    opened_at: datetime
    first: JsonObject  # the event that opened it: title and severity stay as they were
    status: str = "triggered"  # triggered, acknowledged, resolved
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    changed_at: datetime | None = None  # its status, since it was opened
    changed_by: str = ""  # the person who did that, empty where an integration or a time-out did
    pages: list[Page] = field(default_factory=list)
    log: list[LogEntry] = field(default_factory=list)
    notes: list[JsonObject] = field(default_factory=list)
    priority: str = ""
    policy: str = ""  # the escalation policy that it was delegated to; empty for that of its service

    @property
    def id(self) -> str:
        return f"Q{self.number:013d}"

    @property
    def payload(self) -> JsonObject:
        payload = self.first.get("payload")
        return payload if isinstance(payload, dict) else {}

    @property
    def title(self) -> str:
        return str(self.payload.get("summary", ""))

    @property
    def severity(self) -> str:
        return str(self.payload.get("severity", ""))

    @property
    def urgency(self) -> str:
        return "high" if self.severity in HIGH_SEVERITIES else "low"

    @property
    def triggers(self) -> int:
        return sum(1 for entry in self.log if entry.kind == "trigger")

    @property
    def open(self) -> bool:
        return self.status != "resolved"


class Account:
    """Services by routing key, and all incidents in the order in which they were opened."""

    def __init__(self, services: dict[str, str] | None) -> None:
        self._services = services
        self.incidents: list[Incident] = []
        self.people: list[Person] = []
        self.shifts: list[Shift] = []
        self.windows: list[Window] = []
        self.changes: list[Change] = []
        self._open: dict[tuple[str, str], Incident] = {}

    def service_of(self, routing_key: str) -> str:
        """Return the service of a routing key; without a list of services every key has its own.

        Raises `BadEvent` if no service has the key.
        """
        if self._services is None:
            return f"service …{routing_key[-4:]}"
        if routing_key not in self._services:
            raise BadEvent("Invalid routing key")
        return self._services[routing_key]

    def apply(self, event: JsonObject, service: str, now: datetime) -> str:
        """Apply an event and say what became of it: opened, appended, acknowledged, resolved or dropped."""
        if any(window.service == service and window.start <= now < window.end for window in self.windows):
            return "dropped"
        action = str(event["event_action"])
        place = (str(event["routing_key"]), str(event["dedup_key"]))
        incident = self._open.get(place)
        if incident is None:
            return self._opened(event, service, now, place) if action == "trigger" else "dropped"
        # A repeated acknowledgement or a trigger while acknowledged changes nothing but the log.
        incident.log.append(LogEntry(now, action, _without_key(event)))
        if action == "acknowledge":
            if incident.status != "acknowledged":
                incident.status, incident.acknowledged_at = "acknowledged", now
                incident.changed_at, incident.changed_by = now, ""
            return "acknowledged"
        if action == "resolve":
            incident.status, incident.resolved_at = "resolved", now
            incident.changed_at, incident.changed_by = now, ""
            del self._open[place]
            return "resolved"
        return "appended"

    def close(self, incident: Incident, now: datetime) -> None:
        """A person resolves it."""
        incident.status, incident.resolved_at = "resolved", now
        self._open.pop((incident.routing_key, incident.dedup_key), None)

    def open_again(self, incident: Incident) -> None:
        """A person reopens it."""
        incident.status, incident.resolved_at = "triggered", None
        self._open[incident.routing_key, incident.dedup_key] = incident

    def find(self, incident_id: str) -> Incident | None:
        return next((incident for incident in self.incidents if incident.id == incident_id), None)

    def reset(self) -> None:
        self.incidents.clear()
        self._open.clear()

    def _opened(self, event: JsonObject, service: str, now: datetime, place: tuple[str, str]) -> str:
        incident = Incident(
            len(self.incidents) + 1, service, *place, opened_at=now, first=_without_key(event)
        )
        page = Page(now, f"on call for {service}", incident.urgency)
        incident.pages.append(page)
        incident.log += [LogEntry(now, "trigger", incident.first), LogEntry(now, "notify", {"to": page.to})]
        self.incidents.append(incident)
        self._open[place] = incident
        return "opened"


def _without_key(event: JsonObject) -> JsonObject:
    return {name: value for name, value in event.items() if name != "routing_key"}
