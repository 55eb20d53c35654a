"""Read from the store how the watchdogs do."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.model.cells import heartbeat_cell, watchdog_cell
from gateway.model.changes import Query
from gateway.model.records import load_watchdog_state
from gateway.model.rules.kinds import Watchdog
from gateway.model.watchdog import WatchdogStatus, load_heartbeat
from gateway.ports import Store


async def watchdog_status(home: Store, watchdogs: Mapping[str, Watchdog]) -> list[WatchdogStatus]:
    """Return the status of each of these watchdogs, in their order. Raises `StateUnavailable`."""
    if not watchdogs:
        return []
    cells = [cell(name) for name in watchdogs for cell in (heartbeat_cell, watchdog_cell)]
    rows = (await home.gather(Query(cells=cells))).rows
    states = {name: rows[watchdog_cell(name)].value for name in watchdogs}
    missing = {name: load_watchdog_state(row).missing_since if row else None for name, row in states.items()}
    heartbeats = {name: load_heartbeat(rows[heartbeat_cell(name)].value) for name in watchdogs}
    return [WatchdogStatus(watchdog, heartbeats[name], missing[name]) for name, watchdog in watchdogs.items()]
