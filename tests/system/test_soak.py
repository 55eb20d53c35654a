"""The short cut of `make soak`: all is told while a gateway and the store are killed, and nothing of it is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.stage import until
from tests.soak.memory import entries
from tests.soak.run import begun

pytestmark = pytest.mark.long(minutes=2)

# What begins and ends with alerts
OF_ALERTS = ("alerts", "past", "copies", "incidents", "keys", "ledgers", "leases", "topics")
FORGOTTEN_SECONDS = 100.0  # a minute is what has ended kept for


async def test_everything_is_told_and_forgotten(tmp_path: Path) -> None:
    said: list[str] = []
    async with begun(tmp_path, 0.5, "1m", said.append) as running:
        running.load.least = 0.0  # each fires once, and ends when it was told
        running.gateway_killed, running.store_killed = 13.0, 19.0
        found = await running.play()
        assert found.told.well, (found.told, said)
        assert found.kills
        assert found.store_kills

        async def forgotten() -> bool:
            counted = await entries(running.client)
            return not any(counted.get(name) for name in OF_ALERTS)

        assert await until(forgotten, FORGOTTEN_SECONDS), await entries(running.client)
        counted = await entries(running.client)
        assert counted.get("agenda", 0) <= 10, counted
        assert counted.get("tombstones", 0) <= 2_000, counted
