"""The operations of incidents under `/api/v1`: list, show, acknowledge, snooze and close."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from pydantic import BaseModel
from starlette.requests import Request

from gateway.actions.incident_ids import BEGINNING, IncidentIds
from gateway.actions.incidents import IncidentActions
from gateway.actions.open_incidents import read_incident
from gateway.decisions.incident_actions import LONGEST_SNOOZE
from gateway.decisions.notification.plan import plan
from gateway.decisions.policy import Policy
from gateway.inbound.api import incident_models as models
from gateway.inbound.api.openapi import Handler, Operation
from gateway.inbound.api.presenters import show_alert, show_incident, show_target, state_of
from gateway.inbound.api.requests import (
    DEFAULT_PAGE_SIZE,
    MAX_SHOWN,
    QueryParameter,
    Refusal,
    accepted,
    actor_of,
    body,
    choice,
    found_or_refuse,
    given,
    length_of,
    limit_of,
    one_of,
)
from gateway.inbound.api.standing import show_verdicts, standing_of
from gateway.inbound.api.walk import PAGE_QUERY, walk
from gateway.model.changes import Row, Table
from gateway.model.durations import spoken
from gateway.model.instants import instant_or_none
from gateway.model.records import load_incident
from gateway.model.severity import Severity
from gateway.state.shards import Shards
from gateway.state.versioned_snapshot import VersionedSnapshot

INCIDENT = "/api/v1/incidents/{incident}"
OPEN_STATES = ("open", "acknowledged", "closed_by_hand", "quiet")
STATES = ("active", "all", "resolved", *OPEN_STATES)
SEVERITIES = tuple(severity.word for severity in reversed(Severity))
LEAST = ("none", *SEVERITIES[:-1])  # the first stands for all of them

BEGINS = QueryParameter("those whose id begins so", {"type": "string", "pattern": f"^{BEGINNING}$"})


@dataclass(slots=True)
class IncidentsApi:
    """The operations of incidents. `policy` returns the policy in force when it is called."""

    shards: Shards
    actions: IncidentActions
    policy: Callable[[], Policy]
    ids: IncidentIds

    def operations(self) -> list[Operation]:
        return [
            Operation(
                "GET",
                "/api/v1/incidents",
                self._incidents,
                models.IncidentPage,
                "List incidents",
                query={
                    "state": one_of(STATES, "active is all but resolved"),
                    "severity": one_of(LEAST, "at least as bad as this"),
                    "begins": BEGINS,
                    **PAGE_QUERY,
                },
            ),
            Operation(
                "GET",
                INCIDENT,
                self._incident,
                models.IncidentWhole,
                "One incident with its alerts, what each target was told, verdicts and timeline",
            ),
            _act("acknowledge", self._acknowledge, "Say who has it", models.Acknowledge),
            _act("unacknowledge", self._unacknowledge, "Give it back", models.Acknowledge),
            _act("snooze", self._snooze, "Keep it quiet for a while, without taking it", models.AskedSnooze),
            _act("unsnooze", self._unsnooze, "End a snooze before its time", models.AskedBy),
            _act("close", self._close, "Close it by hand while alerts still fire", models.Close),
        ]

    async def _incidents(self, request: Request) -> models.IncidentPage:
        wanted = choice(request, "state", STATES)
        least = Severity[choice(request, "severity", LEAST).upper()]
        limit = limit_of(request)
        shown: list[models.IncidentShown] = []

        async def take(row: Row) -> bool:
            incident = load_incident(row.value)
            state = state_of(incident)
            if wanted in ("all", state) or (wanted == "active" and state != "resolved"):
                versioned = await self._read(incident.id)
                if versioned is not None:
                    found = self._show(versioned)
                    if Severity[found.severity.upper()] >= least:
                        shown.append(found)
            return len(shown) < limit

        after = await walk(self.shards, request, Table.INCIDENTS, limit, take, f"{_beginning(request)}*")
        return models.IncidentPage(items=_newest(shown), next=after)

    async def _incident(self, request: Request) -> models.IncidentWhole:
        name, policy = await self._meant(request), self.policy()
        versioned = await self._read(name)
        if versioned is None:
            raise Refusal(
                404,
                f"there is no incident {name}",
                "incident",
                "ended incidents are kept for a while (GATEWAY_KEEP_ENDED)",
            )
        snapshot = versioned.snapshot
        alerts = list(snapshot.alerts.values())
        # The verdicts are decided now and not stored: they say why people are notified by the rules in force.
        planned = plan(snapshot, policy, versioned.now)
        timeline = await self.shards.timeline(name, DEFAULT_PAGE_SIZE, snapshot.incident.opened_at)
        return models.IncidentWhole(
            **self._show(versioned).model_dump(),
            alerts=[show_alert(alert) for alert in alerts],
            ledgers=[show_target(ledger) for ledger in snapshot.ledgers.values()],
            verdicts=show_verdicts(planned, dict(snapshot.alerts), versioned.now),
            timeline=[
                models.TimelineShown(at=instant_or_none(at), what=line.what, detail=dict(line.detail))
                for at, line in timeline
            ],
        )

    async def _acknowledge(self, request: Request) -> models.IncidentShown:
        asked = await body(request, models.Acknowledge)
        actor = actor_of(request, asked.by)
        name = await self._meant(request)
        return await self._shown(name, await self.actions.acknowledge(name, actor, asked.note))

    async def _unacknowledge(self, request: Request) -> models.IncidentShown:
        asked = await body(request, models.Acknowledge)
        actor = actor_of(request, asked.by)
        name = await self._meant(request)
        return await self._shown(name, await self.actions.unacknowledge(name, actor, asked.note))

    async def _snooze(self, request: Request) -> models.IncidentShown:
        asked = await body(request, models.AskedSnooze)
        actor, length = actor_of(request, asked.by), length_of(asked.duration)
        if not 0 < length <= LONGEST_SNOOZE:
            longest = spoken(LONGEST_SNOOZE)
            raise Refusal(409, f"a snooze lasts up to {longest}", "duration", "a silence lasts longer")
        name = await self._meant(request)
        return await self._shown(name, await self.actions.snooze(name, actor, length))

    async def _unsnooze(self, request: Request) -> models.IncidentShown:
        asked = await body(request, models.AskedBy)
        actor = actor_of(request, asked.by)
        name = await self._meant(request)
        return await self._shown(name, await self.actions.unsnooze(name, actor))

    async def _close(self, request: Request) -> models.IncidentShown:
        asked = await body(request, models.Close)
        actor, length = actor_of(request, asked.by), self.policy().rules.closed_by_hand
        name = await self._meant(request)
        return await self._shown(name, await self.actions.close(name, actor, asked.note, length))

    async def _meant(self, request: Request) -> str:
        return accepted(await self.ids.meant(request.path_params["incident"]))

    async def _shown(self, name: str, changed: object) -> models.IncidentShown:
        found_or_refuse(changed, "incident", name)
        versioned = await self._read(name)
        if versioned is None:
            raise Refusal(404, f"there is no incident {name}", "incident")
        return self._show(versioned)

    def _show(self, versioned: VersionedSnapshot) -> models.IncidentShown:
        snapshot, policy = versioned.snapshot, self.policy()
        standing = standing_of(plan(snapshot, policy, versioned.now), snapshot.alerts, versioned.now)
        return show_incident(snapshot.incident, list(snapshot.alerts.values()), policy.rules.labels, standing)

    async def _read(self, incident: str) -> VersionedSnapshot | None:
        return await read_incident(self.shards, incident, self.policy())


def _beginning(request: Request) -> str:
    """Return how the ids of the incidents that are wanted begin, empty for all."""
    begins = given(request, "begins")
    if begins is not None and not re.fullmatch(BEGINNING, begins, re.ASCII):
        error = f"begins={begins[:MAX_SHOWN]!r} is no beginning of an id"
        raise Refusal(400, error, "begins", "one to twelve of its letters and digits")
    return begins or ""


def _newest(shown: list[models.IncidentShown]) -> list[models.IncidentShown]:
    """Sort by the time of opening, the newest first. A scan of the store may show an incident twice."""
    once = {incident.id: incident for incident in shown}
    return sorted(once.values(), key=lambda incident: (str(incident.opened_at), incident.id), reverse=True)


def _act(name: str, handler: Handler, summary: str, body: type[BaseModel]) -> Operation:
    return Operation("POST", f"{INCIDENT}/{name}", handler, models.IncidentShown, summary, body)
