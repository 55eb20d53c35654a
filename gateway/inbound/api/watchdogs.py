"""`/api/v1/watchdogs`: whose heartbeat comes, and whose is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request

from gateway.inbound.api import incident_models as models
from gateway.inbound.api.openapi import Operation
from gateway.inbound.api.presenters import moment
from gateway.model.durations import SECOND
from gateway.model.rules.kinds import Watchdog
from gateway.ports import Store
from gateway.state.watchdogs import watchdog_status


@dataclass(frozen=True, slots=True)
class WatchdogsApi:
    """`home` is the home shard; `rules` answers the watchdogs in force."""

    home: Store
    rules: Callable[[], Mapping[str, Watchdog]]

    def operations(self) -> list[Operation]:
        said = "List watchdogs: when each was heard last, and since when one is missing"
        return [Operation("GET", "/api/v1/watchdogs", self._watchdogs, models.WatchdogList, said)]

    async def _watchdogs(self, _request: Request) -> models.WatchdogList:
        shown = [
            models.WatchdogShown(
                name=one.rule.name,
                rule=one.rule.described,
                source=one.rule.source,
                every_seconds=one.rule.every // SECOND,
                hold_resolves=one.rule.hold_resolves,
                last_heartbeat=moment(one.last),
                missing_since=moment(one.missing_since),
            )
            for one in await watchdog_status(self.home, self.rules())
        ]
        return models.WatchdogList(items=shown)
