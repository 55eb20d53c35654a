"""What has ended is kept for as long as the operator says, however short that is."""

from __future__ import annotations

from gateway.model.changes import Table
from gateway.model.durations import DAY, HOUR, MINUTE
from gateway.reconcile.shorten import shorten
from tests.support.build import seen
from tests.support.world import World

KEPT = (Table.ALERTS, Table.PAST, Table.COPIES, Table.INCIDENTS, Table.KEYS, Table.LEDGERS)
SHORT = 5 * MINUTE


def keeping(world: World, milliseconds: int) -> World:
    """Start a gateway anew on the store of this world, with another time to keep."""
    world.keep_ended = milliseconds
    world.begin(world.reconciler.context.policy.rules)
    return world


def left(world: World) -> dict[str, int]:
    return {table.value: len(world.store.rows[table]) for table in KEPT if world.store.rows[table]}


async def ended(world: World) -> None:
    """Have an incident begin and end within a minute, and an alert of which only the end is seen."""
    at = world.at
    await world.webhook(seen(at=at))
    await world.until(at + MINUTE)
    await world.webhook(seen(at=at, ends=at + MINUTE), seen("Unknown", at=at, ends=at + MINUTE))


async def test_a_short_time_leaves_nothing_after_it() -> None:
    world = keeping(World(), SHORT)
    await ended(world)
    await world.until(SHORT)
    assert left(world)["incidents"] == 1
    await world.until(SHORT + 10 * MINUTE)
    assert left(world) == {}


async def test_a_long_time_keeps_what_has_ended() -> None:
    world = keeping(World(), 30 * DAY)
    await ended(world)
    await world.until(29 * DAY)
    assert left(world)["incidents"] == 1
    await world.until(31 * DAY)
    assert left(world) == {}


async def test_a_late_copy_of_what_was_forgotten_after_minutes_wakes_nobody_within_its_grace() -> None:
    world = keeping(World(), SHORT)
    await ended(world)
    await world.until(20 * MINUTE)
    told = len(world.slack.sent)
    await world.webhook(seen(at=0))
    assert world.store.counted["seen:opened:disputed"] == 1
    await world.until(24 * MINUTE)
    assert len(world.slack.sent) == told


async def test_a_new_start_of_what_was_forgotten_after_minutes_is_told() -> None:
    world = keeping(World(), SHORT)
    await ended(world)
    await world.until(20 * MINUTE)
    told = len(world.slack.sent)
    await world.webhook(seen(at=20 * MINUTE))
    await world.until(30 * MINUTE)
    assert len(world.slack.sent) > told


async def test_what_is_forgotten_after_days_leaves_no_tombstone() -> None:
    world = keeping(World(), DAY)
    await ended(world)
    await world.until(3 * DAY)
    assert left(world) == {}
    assert not world.store.rows[Table.TOMBSTONES]


async def test_a_shorter_time_counts_for_what_has_ended_already() -> None:
    world = World()
    await ended(world)
    await world.until(30 * MINUTE)
    keeping(world, HOUR)
    await shorten(world.store, HOUR)
    await world.until(50 * MINUTE)
    assert left(world)["incidents"] == 1
    await world.until(2 * HOUR)
    assert left(world) == {}


async def test_a_longer_time_counts_for_what_ends_from_then_on() -> None:
    world = keeping(World(), HOUR)
    await ended(world)
    await world.until(30 * MINUTE)
    keeping(world, DAY)
    await shorten(world.store, DAY)
    await world.until(2 * HOUR)
    assert left(world) == {}


async def test_what_fires_again_is_not_forgotten_for_a_shorter_time() -> None:
    world = World()
    await ended(world)
    await world.webhook(seen(at=2 * MINUTE))
    await shorten(world.store, SHORT)
    await world.until(DAY)
    assert left(world)["incidents"] == 1
