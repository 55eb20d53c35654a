"""The operations of what did not get through under `/api/v1`: the quarantine and the dead letters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from gateway.actions.dead_letters import DeadLetterActions
from gateway.actions.incident_ids import IncidentIds
from gateway.actions.quarantine import Replayer
from gateway.decisions.policy import Policy
from gateway.inbound.api import incident_models as models
from gateway.inbound.api import undelivered_models
from gateway.inbound.api.openapi import Operation
from gateway.inbound.api.presenters import show_incident
from gateway.inbound.api.requests import (
    QueryParameter,
    Refusal,
    accepted,
    body,
    found_or_refuse,
    given,
    limit_of,
)
from gateway.inbound.api.undelivered_presenters import show_dead_letter, show_quarantined
from gateway.inbound.api.walk import PAGE_QUERY, walk
from gateway.model.cells import REFUSALS
from gateway.model.changes import Cell, Query, Row, Table
from gateway.model.ledger import Ledger
from gateway.model.records import load_ledger, load_refusals
from gateway.state.shards import Shards
from gateway.state.snapshots import read_snapshot

DESTINATION = QueryParameter("a destination or a target: only its dead letters", {"type": "string"})


@dataclass(slots=True)
class UndeliveredApi:
    """The operations of alerts that could not be taken, and of notifications that were refused for good.

    `policy` returns the policy in force when it is called.
    """

    shards: Shards
    replayer: Replayer
    actions: DeadLetterActions
    policy: Callable[[], Policy]
    ids: IncidentIds

    def operations(self) -> list[Operation]:
        return [
            Operation(
                "GET",
                "/api/v1/quarantine",
                self._quarantine,
                undelivered_models.QuarantineList,
                "What could not be taken as an alert",
                query={"limit": PAGE_QUERY["limit"]},
            ),
            Operation(
                "POST",
                "/api/v1/quarantine/{entry}/replay",
                self._replay,
                undelivered_models.ReplayShown,
                "Read an entry once more, by the rules as they are now",
            ),
            Operation(
                "GET",
                "/api/v1/dead-letters",
                self._dead_letters,
                undelivered_models.DeadLetterPage,
                "What a destination refused for good",
                query={"destination": DESTINATION, **PAGE_QUERY},
            ),
            Operation(
                "POST",
                "/api/v1/dead-letters/retry",
                self._retry_dead_letters,
                undelivered_models.Retried,
                "Try all dead letters again, or those of one destination",
                undelivered_models.RetryDeadLetters,
            ),
            Operation(
                "POST",
                "/api/v1/dead-letters/{incident}/{target}/retry",
                self._retry,
                models.Done,
                "Try a dead letter again",
            ),
        ]

    async def _quarantine(self, request: Request) -> undelivered_models.QuarantineList:
        entries = await self.shards.quarantine(limit_of(request))
        counts = await self.shards.counters()
        return undelivered_models.QuarantineList(
            items=[show_quarantined(entry, last_seen, times) for entry, last_seen, times in entries],
            evicted=counts.get("quarantine_evicted", 0),
        )

    async def _replay(self, request: Request) -> undelivered_models.ReplayShown:
        name = request.path_params["entry"]
        found = await self.replayer.replay(name)
        if found is None:
            raise Refusal(404, f"there is no entry {name}", "entry")
        if found.error:
            raise Refusal(
                409,
                f"it is still not understood: {found.error}",
                "entry",
                "change the rules, or leave it: it makes room by itself",
            )
        return undelivered_models.ReplayShown(taken=found.taken, too_old=found.too_old)

    async def _dead_letters(self, request: Request) -> undelivered_models.DeadLetterPage:
        limit, destination = limit_of(request), given(request, "destination") or ""
        shown: list[undelivered_models.DeadLetterShown] = []

        async def take(row: Row) -> bool:
            ledger = load_ledger(row.value)
            if ledger.dead and ledger.is_of(destination):
                shown.append(await self._shown(ledger))
            return len(shown) < limit

        return undelivered_models.DeadLetterPage(
            next=await walk(self.shards, request, Table.LEDGERS, limit, take), items=shown
        )

    async def _shown(self, ledger: Ledger) -> undelivered_models.DeadLetterShown:
        state = await self.shards.holding(Cell(Table.INCIDENTS, ledger.incident))
        gathered = await state.gather(Query(cells=(REFUSALS,)))
        versioned = await read_snapshot(state, ledger.incident)
        title = ""
        if versioned is not None:
            snapshot = versioned.snapshot
            alerts = list(snapshot.alerts.values())
            title = show_incident(snapshot.incident, alerts, self.policy().rules.labels).title
        return show_dead_letter(ledger, title, load_refusals(gathered.rows[REFUSALS].value))

    async def _retry_dead_letters(self, request: Request) -> undelivered_models.Retried:
        asked = await body(request, undelivered_models.RetryDeadLetters)
        return undelivered_models.Retried(letters=await self.actions.retry_all(asked.destination))

    async def _retry(self, request: Request) -> models.Done:
        incident, target = (
            accepted(await self.ids.meant(request.path_params["incident"])),
            request.path_params["target"],
        )
        found_or_refuse(
            await self.actions.retry(incident, target),
            "target",
            f"{target} of incident {incident}",
        )
        return models.Done()
