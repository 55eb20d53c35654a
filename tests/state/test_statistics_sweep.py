"""Events of the statistics are forgotten when they are too old, and the oldest where there are too many."""

from __future__ import annotations

import asyncio

import pytest

from gateway.model.changes import Changes, Table
from gateway.model.durations import DAY, HOUR
from gateway.state import statistics_sweep
from gateway.state.commit import commit
from gateway.state.statistics_sweep import EventSweep
from tests.support.patience import PATIENCE
from tests.support.world import World


async def write(world: World, *names: str) -> None:
    await commit(world.store, Changes(events=dict.fromkeys(names, b"{}")))


def kept(world: World) -> list[str]:
    return sorted(world.store.rows[Table.EVENTS])


async def test_what_is_too_old_goes_and_what_is_younger_stays() -> None:
    world = World()
    await write(world, "old")
    await world.until(DAY)
    await write(world, "young")
    sweep = EventSweep(world.shards, DAY - HOUR)
    assert await sweep.sweep() == 1
    assert kept(world) == ["young"]
    assert await sweep.sweep() == 0


async def test_where_there_are_too_many_the_oldest_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics_sweep, "MAX_EVENTS", 2)
    world = World()
    for number in range(4):
        await write(world, f"e{number}")
        await world.until(world.at + HOUR)
    assert await EventSweep(world.shards, 90 * DAY).sweep() == 2
    assert kept(world) == ["e2", "e3"]


async def test_a_storm_that_is_kept_quiet_does_not_fill_the_store_until_the_next_sweep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (("MAX_EVENTS", 2), ("MAX_SERVICES", 0), ("COUNTED_EVERY_MS", 1)):
        monkeypatch.setattr(statistics_sweep, name, value)
    world = World()
    await write(world, *(f"e{number}" for number in range(40)))
    sweeping = asyncio.create_task(EventSweep(world.shards, 90 * DAY).run())
    async with asyncio.timeout(PATIENCE):
        while len(kept(world)) > 2:
            await asyncio.sleep(0.01)
    sweeping.cancel()


async def test_the_settings_in_force_stay_however_long_ago_they_were_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    for number in (1, 2):
        await write(world, f"rules|{number}|r")
        await world.until(world.at + HOUR)
    await world.until(3 * DAY)
    await write(world, "young")
    assert await EventSweep(world.shards, DAY).sweep() == 1
    assert kept(world) == ["rules|2|r", "young"]
    monkeypatch.setattr(statistics_sweep, "MAX_EVENTS", 1)
    assert await EventSweep(world.shards, DAY).sweep() == 0
