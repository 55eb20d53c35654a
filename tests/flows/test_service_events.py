"""Since when a service is known: written with the plan of the first alert that names it, and kept for ever."""

from __future__ import annotations

import pytest

from gateway.model.changes import Changes
from gateway.model.durations import DAY, HOUR, MINUTE
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.model.statistics.events import ServiceSeen
from gateway.state import statistics_sweep
from gateway.state.statistics import read_events
from gateway.state.statistics_sweep import EventSweep
from tests.support.build import START, rulebook, seen
from tests.support.world import World


async def known(world: World) -> dict[tuple[str, str], int]:
    """When each alert name of a service was seen first, in ms of the world."""
    events = await read_events(world.shards)
    return {
        (event.service, event.alertname): event.at - START
        for event in events
        if isinstance(event, ServiceSeen)
    }


async def test_a_service_is_known_from_its_first_alert_and_is_written_once() -> None:
    world = World()
    await world.webhook(seen(service="db"), seen("DiskFull", service="db"), seen("DiskFull"))
    await world.until(HOUR)
    for replica in ("a", "b"):
        await world.webhook(seen(service="db", at=HOUR, instance=replica), seen(service="web", at=HOUR))
    assert await known(world) == {
        ("db", "HighErrorRate"): 0,
        ("db", "DiskFull"): 0,
        ("web", "HighErrorRate"): HOUR,
    }


async def test_a_service_that_pages_nobody_is_known_too() -> None:
    world = World(rulebook(Route("all", BUILT_IN, notify=("chat",))))
    await world.webhook(seen(service="db"))
    assert await known(world) == {("db", "HighErrorRate"): 0}


async def test_another_process_writes_none_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    await world.webhook(seen(service="db"))
    written: list[str] = []
    commit = world.store.commit

    async def watched(changes: Changes):  # type: ignore[no-untyped-def]
        written.extend(changes.events)
        return await commit(changes)

    monkeypatch.setattr(world.store, "commit", watched)
    await world.webhook(seen(service="db", instance="b", at=MINUTE))
    assert [name for name in written if name.startswith("service_seen")] == []
    world.begin(rulebook())
    await world.until(HOUR)
    await world.webhook(seen(service="db", instance="c", at=HOUR))
    assert await known(world) == {("db", "HighErrorRate"): 0}


async def test_it_stays_however_old_it_is_up_to_a_number_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    await world.webhook(seen(service="db"))
    await world.until(MINUTE)
    await world.webhook(seen(service="web"))
    world.at = 200 * DAY
    await EventSweep(world.shards, 90 * DAY).sweep()
    assert {service for service, _ in await known(world)} == {"db", "web"}
    monkeypatch.setattr(statistics_sweep, "MAX_SERVICES", 1)
    await EventSweep(world.shards, 90 * DAY).sweep()
    assert {service for service, _ in await known(world)} == {"db"}
