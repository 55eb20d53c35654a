"""How the watchdogs do, as the store knows it."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.model.cells import heartbeat_cell, watchdog_cell
from gateway.model.changes import Query
from gateway.model.records import load_watchdog_state
from gateway.model.rules.kinds import Watchdog
from gateway.model.watchdog import WatchdogStatus, load_heartbeat
from gateway.ports import Store


async def heard(home: Store, watchdogs: Mapping[str, Watchdog]) -> list[WatchdogStatus]:
    """How each of these does, in their order. Raises `StateUnavailable`."""
    if not watchdogs:
        return []
    rows = (await home.gather(Query(cells=[cell(name) for name in watchdogs for cell in (heartbeat_cell, watchdog_cell)]))).rows
    watches = {name: rows[watchdog_cell(name)].value for name in watchdogs}
    missing = {name: load_watchdog_state(row).missing_since if row else 0 for name, row in watches.items()}
    return [
        WatchdogStatus(dog, load_heartbeat(rows[heartbeat_cell(name)].value), missing[name]) for name, dog in watchdogs.items()
    ]
