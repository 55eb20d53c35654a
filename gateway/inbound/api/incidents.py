"""The operations of incidents under `/api/v1`: list, show, acknowledge and close."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from gateway.actions.incidents import IncidentActions
from gateway.decisions.notification.plan import plan
from gateway.decisions.policy import Policy
from gateway.inbound.api import incident_models as models
from gateway.inbound.api.openapi import Operation
from gateway.inbound.api.presenters import (
    moment,
    show_alert,
    show_incident,
    show_target,
    show_verdicts,
    standing_of,
    state_of,
)
from gateway.inbound.api.requests import (
    DEFAULT_PAGE_SIZE,
    Refusal,
    body,
    choice,
    found_or_refuse,
    limit_of,
    one_of,
)
from gateway.inbound.api.walk import PAGE_QUERY, walk
from gateway.model.changes import Cell, Row, Table
from gateway.model.records import load_incident
from gateway.model.severity import Severity
from gateway.state.shards import Shards
from gateway.state.snapshots import VersionedSnapshot, read_snapshot

OPEN_STATES = ("open", "acknowledged", "closed_by_hand", "quiet")
STATES = ("active", "all", "resolved", *OPEN_STATES)
SEVERITIES = tuple(severity.word for severity in reversed(Severity))
LEAST = ("none", *SEVERITIES[:-1])  # the first stands for all of them


@dataclass(slots=True)
class IncidentsApi:
    """The operations of incidents. `policy` returns the policy in force when it is called."""

    shards: Shards
    actions: IncidentActions
    policy: Callable[[], Policy]

    def operations(self) -> list[Operation]:
        incident = "/api/v1/incidents/{incident}"
        acknowledge = models.Acknowledge
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
                    **PAGE_QUERY,
                },
            ),
            Operation(
                "GET",
                incident,
                self._incident,
                models.IncidentWhole,
                "One incident with its alerts, what each target was told, verdicts and timeline",
            ),
            Operation(
                "POST",
                f"{incident}/acknowledge",
                self._acknowledge,
                models.IncidentShown,
                "Say who has it",
                acknowledge,
            ),
            Operation(
                "POST",
                f"{incident}/unacknowledge",
                self._unacknowledge,
                models.IncidentShown,
                "Give it back",
                acknowledge,
            ),
            Operation(
                "POST",
                f"{incident}/close",
                self._close,
                models.IncidentShown,
                "Close it by hand while alerts still fire",
                models.Close,
            ),
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

        after = await walk(self.shards, request, Table.INCIDENTS, limit, take)
        return models.IncidentPage(items=_newest(shown), next=after)

    async def _incident(self, request: Request) -> models.IncidentWhole:
        name, policy = request.path_params["incident"], self.policy()
        versioned = await self._read(name)
        if versioned is None:
            raise Refusal(
                404,
                f"there is no incident {name}",
                "incident",
                "ended incidents are kept for 7 days",
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
                models.TimelineShown(at=moment(at), what=line.what, detail=dict(line.detail))
                for at, line in timeline
            ],
        )

    async def _acknowledge(self, request: Request) -> models.IncidentShown:
        asked = await body(request, models.Acknowledge)
        return await self._shown(
            request,
            await self.actions.acknowledge(request.path_params["incident"], asked.by),
        )

    async def _unacknowledge(self, request: Request) -> models.IncidentShown:
        asked = await body(request, models.Acknowledge)
        return await self._shown(
            request,
            await self.actions.unacknowledge(request.path_params["incident"], asked.by),
        )

    async def _close(self, request: Request) -> models.IncidentShown:
        asked = await body(request, models.Close)
        length = self.policy().rules.closed_by_hand
        changed = await self.actions.close(request.path_params["incident"], asked.by, asked.note, length)
        return await self._shown(request, changed)

    async def _shown(self, request: Request, changed: object) -> models.IncidentShown:
        name = request.path_params["incident"]
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


async def read_incident(
    shards: Shards, incident: str, policy: Policy | None = None
) -> VersionedSnapshot | None:
    """Read an incident from whichever shard has it. Raises `StateUnavailable`."""
    state = await shards.holding(Cell(Table.INCIDENTS, incident))
    return await read_snapshot(state, incident, policy)


def _newest(shown: list[models.IncidentShown]) -> list[models.IncidentShown]:
    """Sort by the time of opening, the newest first. A scan of the store may show an incident twice."""
    once = {incident.id: incident for incident in shown}
    return sorted(once.values(), key=lambda incident: (str(incident.opened_at), incident.id), reverse=True)
