"""The operations of what did not get through under `/api/v1`: the quarantine and the dead letters."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from gateway.actions.incidents import IncidentActions
from gateway.actions.quarantine import Replayer
from gateway.inbound.api import incident_models as models
from gateway.inbound.api.openapi import Operation
from gateway.inbound.api.presenters import show_dead_letter, show_quarantined
from gateway.inbound.api.requests import Refusal, found_or_refuse, limit_of
from gateway.inbound.api.walk import PAGE_QUERY, walk
from gateway.model.changes import Row, Table
from gateway.model.records import load_ledger
from gateway.state.shards import Shards


@dataclass(slots=True)
class UndeliveredApi:
    """The operations of alerts that could not be taken, and of notifications that were refused for good."""

    shards: Shards
    replayer: Replayer
    actions: IncidentActions

    def operations(self) -> list[Operation]:
        return [
            Operation(
                "GET",
                "/api/v1/quarantine",
                self._quarantine,
                models.QuarantineList,
                "What could not be taken as an alert",
                query={"limit": PAGE_QUERY["limit"]},
            ),
            Operation(
                "POST",
                "/api/v1/quarantine/{entry}/replay",
                self._replay,
                models.ReplayShown,
                "Read an entry once more, by the rules as they are now",
            ),
            Operation(
                "GET",
                "/api/v1/dead-letters",
                self._dead_letters,
                models.DeadLetterPage,
                "What a destination refused for good",
                query=PAGE_QUERY,
            ),
            Operation(
                "POST",
                "/api/v1/dead-letters/{incident}/{target}/retry",
                self._retry,
                models.Done,
                "Try a dead letter again",
            ),
        ]

    async def _quarantine(self, request: Request) -> models.QuarantineList:
        entries = await self.shards.quarantine(limit_of(request))
        counts = await self.shards.counters()
        return models.QuarantineList(
            items=[show_quarantined(entry, last_seen, times) for entry, last_seen, times in entries],
            evicted=counts.get("quarantine_evicted", 0),
        )

    async def _replay(self, request: Request) -> models.ReplayShown:
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
        return models.ReplayShown(taken=found.taken, too_old=found.too_old)

    async def _dead_letters(self, request: Request) -> models.DeadLetterPage:
        limit = limit_of(request)
        shown: list[models.DeadLetterShown] = []

        async def take(row: Row) -> bool:
            ledger = load_ledger(row.value)
            if ledger.dead:
                shown.append(show_dead_letter(ledger))
            return len(shown) < limit

        return models.DeadLetterPage(
            next=await walk(self.shards, request, Table.LEDGERS, limit, take), items=shown
        )

    async def _retry(self, request: Request) -> models.Done:
        incident, target = request.path_params["incident"], request.path_params["target"]
        found_or_refuse(
            await self.actions.retry(incident, target),
            "target",
            f"{target} of incident {incident}",
        )
        return models.Done()
