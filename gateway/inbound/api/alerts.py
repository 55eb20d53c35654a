"""The operations of alerts under `/api/v1`: list, show, and why each is told or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from gateway.actions.open_incidents import read_incident
from gateway.decisions.notification.plan import plan
from gateway.decisions.policy import Policy
from gateway.inbound.api import incident_models as models
from gateway.inbound.api.openapi import Operation
from gateway.inbound.api.presenters import show_alert
from gateway.inbound.api.requests import Refusal, choice, limit_of, one_of
from gateway.inbound.api.standing import show_verdicts
from gateway.inbound.api.walk import PAGE_QUERY, row_of, walk
from gateway.model.changes import Row, Table
from gateway.model.records import load_alert, load_incident
from gateway.model.verdict import MemberStatus
from gateway.state.shards import Shards

FIRING = ("true", "all")
STANDINGS = ("", *MemberStatus)


@dataclass(slots=True)
class AlertsApi:
    """The operations of alerts and verdicts. `policy` returns the policy in force when it is called."""

    shards: Shards
    policy: Callable[[], Policy]

    def operations(self) -> list[Operation]:
        firing = {"firing": one_of(FIRING, "`all` lists what has ended too")}
        standing = {"standing": one_of(STANDINGS, "only what is this")}
        return [
            Operation(
                "GET",
                "/api/v1/alerts",
                self._alerts,
                models.AlertPage,
                "List alerts",
                query={**firing, **PAGE_QUERY},
            ),
            Operation("GET", "/api/v1/alerts/{alert}", self._alert, models.AlertShown, "One alert"),
            Operation(
                "GET",
                "/api/v1/verdicts",
                self._verdicts,
                models.VerdictPage,
                "Why each member of the active incidents is told, held or suppressed at each target",
                query={**standing, **PAGE_QUERY},
            ),
        ]

    async def _alerts(self, request: Request) -> models.AlertPage:
        wanted, limit = choice(request, "firing", FIRING), limit_of(request)
        shown: list[models.AlertShown] = []

        async def take(row: Row) -> bool:
            alert = load_alert(row.value)
            if alert.firing or wanted == "all":
                shown.append(show_alert(alert))
            return len(shown) < limit

        return models.AlertPage(next=await walk(self.shards, request, Table.ALERTS, limit, take), items=shown)

    async def _alert(self, request: Request) -> models.AlertShown:
        name = request.path_params["alert"]
        row = await row_of(self.shards, Table.ALERTS, name)
        if row is None:
            raise Refusal(
                404,
                f"there is no alert {name}",
                "alert",
                "ended alerts are kept for a while (GATEWAY_KEEP_ENDED)",
            )
        return show_alert(load_alert(row.value))

    async def _verdicts(self, request: Request) -> models.VerdictPage:
        wanted = choice(request, "standing", STANDINGS)
        limit, policy = limit_of(request), self.policy()
        shown: list[models.VerdictShown] = []

        async def take(row: Row) -> bool:
            versioned = await read_incident(self.shards, load_incident(row.value).id, policy)
            if versioned is not None and not versioned.snapshot.incident.resolved_at:
                planned = plan(versioned.snapshot, policy, versioned.now)
                found = show_verdicts(planned, dict(versioned.snapshot.alerts), versioned.now)
                shown.extend(verdict for verdict in found if wanted in ("", verdict.standing))
            return len(shown) < limit

        return models.VerdictPage(
            next=await walk(self.shards, request, Table.INCIDENTS, limit, take), items=shown
        )
