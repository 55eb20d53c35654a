"""How the watchdogs do, as the store knows it."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.model.cells import beat_cell, watch_cell
from gateway.model.changes import Ask
from gateway.model.records import load_watch
from gateway.model.rules.kinds import Watchdog
from gateway.model.watchdog import Heard, load_beat
from gateway.ports import Store


async def heard(home: Store, watchdogs: Mapping[str, Watchdog]) -> list[Heard]:
    """How each of these does, in their order. Raises `StateUnavailable`."""
    if not watchdogs:
        return []
    rows = (await home.gather(Ask(cells=[cell(name) for name in watchdogs for cell in (beat_cell, watch_cell)]))).rows
    watches = {name: rows[watch_cell(name)].value for name in watchdogs}
    missing = {name: load_watch(row).missing_since if row else 0 for name, row in watches.items()}
    return [Heard(dog, load_beat(rows[beat_cell(name)].value), missing[name]) for name, dog in watchdogs.items()]
