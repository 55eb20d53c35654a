"""The operation of `/api/v1/watchdogs`: when each heartbeat came last, and since when it is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request

from gateway.inbound.api import incident_models as models
from gateway.inbound.api.openapi import Operation
from gateway.model.durations import SECOND
from gateway.model.instants import instant_or_none
from gateway.model.rules.kinds import Watchdog
from gateway.ports import Store
from gateway.state.watchdogs import watchdog_status


@dataclass(frozen=True, slots=True)
class WatchdogsApi:
    """The watchdogs of the API. `home` is the home shard; `rules` returns the watchdogs in force."""

    home: Store
    rules: Callable[[], Mapping[str, Watchdog]]

    def operations(self) -> list[Operation]:
        summary = "List watchdogs: when each was heard last, and since when one is missing"
        return [Operation("GET", "/api/v1/watchdogs", self._watchdogs, models.WatchdogList, summary)]

    async def _watchdogs(self, _request: Request) -> models.WatchdogList:
        shown = [
            models.WatchdogShown(
                name=status.rule.name,
                rule=status.rule.described,
                source=status.rule.source,
                every_seconds=status.rule.every // SECOND,
                hold_resolves=status.rule.hold_resolves,
                last_heartbeat=instant_or_none(status.last),
                missing_since=instant_or_none(status.missing_since),
            )
            for status in await watchdog_status(self.home, self.rules())
        ]
        return models.WatchdogList(items=shown)
