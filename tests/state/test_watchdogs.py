"""The store knows when each watchdog was heard last, and since when it is missing."""

from __future__ import annotations

from gateway.model.cells import heartbeat_cell, watchdog_cell
from gateway.model.changes import Changes
from gateway.model.durations import MINUTE
from gateway.model.records import dump
from gateway.model.rules.kinds import Watchdog
from gateway.model.rules.origin import BUILT_IN
from gateway.model.watchdog import WatchdogState, WatchdogStatus
from gateway.state import watchdogs
from gateway.storage.memory import MemoryStore
from tests.support.build import START, match

DOGS = {name: Watchdog(name, BUILT_IN, match("alertname=Watchdog"), MINUTE) for name in ("us", "eu", "new")}


async def test_each_watchdog_is_answered_for_in_the_order_asked() -> None:
    store = MemoryStore(lambda: START)
    await store.commit(
        Changes(
            put={
                heartbeat_cell("us"): str(START - 5).encode(),
                watchdog_cell("us"): dump(WatchdogState(START - 9, START)),
                watchdog_cell("eu"): dump(WatchdogState(START - 9, START, missing_since=START - 3)),
            }
        )
    )
    assert await watchdogs.watchdog_status(store, DOGS) == [
        WatchdogStatus(DOGS["us"], START - 5, None),
        WatchdogStatus(DOGS["eu"], 0, START - 3),
        WatchdogStatus(DOGS["new"], 0, 0),
    ]


async def test_without_watchdogs_the_store_is_not_asked() -> None:
    assert await watchdogs.watchdog_status(None, {}) == []  # type: ignore[arg-type]
