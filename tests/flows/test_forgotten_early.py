"""Of what was forgotten to make room enough is known for a day: late copies and late ends are not news."""

from __future__ import annotations

import msgspec

from gateway.model.alert import Observation
from gateway.model.changes import Table
from gateway.model.durations import DAY, HOUR, MINUTE, SECOND
from gateway.model.records import load_alert
from gateway.model.tombstones import load_tombstone
from gateway.reconcile.make_room import RoomMaker
from tests.support.build import START, seen
from tests.support.world import World

FIRED = seen(at=0)
ENDED = seen(at=0, ends=MINUTE)


def maker(world: World) -> RoomMaker:
    return RoomMaker(world.store, lambda: world.reconciler.context.policy.rules.sources)


async def forget(world: World, room: RoomMaker | None = None) -> None:
    made = room or maker(world)
    while await made.make_room():
        pass
    assert not world.store.rows[Table.ALERTS]


async def forgotten(*copies: str) -> World:
    """A world in which an alert fired, ended, was told and forgotten."""
    world = World()
    for replica in copies or ("",):
        await world.webhook(seen(at=0, replica=replica))
    await world.until(MINUTE)
    for replica in copies or ("",):
        await world.webhook(seen(at=0, ends=MINUTE, replica=replica))
    await world.until(2 * HOUR)
    await forget(world)
    return world


def verdicts(world: World) -> dict[str, int]:
    return {name: count for name, count in world.store.counted.items() if name.startswith("seen:")}


async def test_a_late_end_is_known_and_leaves_nothing() -> None:
    world = await forgotten()
    before = dict(world.store.counted)
    await world.webhook(ENDED)
    assert (
        world.store.counted["seen:ignored:already_ended"] - before.get("seen:ignored:already_ended", 0) == 1
    )
    assert not world.store.rows[Table.ALERTS]
    assert not world.store.rows[Table.COPIES]


async def test_a_late_copy_of_the_firing_wakes_nobody_within_its_grace() -> None:
    world = await forgotten()
    sent = len(world.slack.sent)
    pages = len(world.pagerduty.sent)
    await world.webhook(FIRED)
    assert world.store.counted["seen:opened:disputed"] == 1
    await world.until(world.at + 4 * MINUTE)
    assert (len(world.slack.sent), len(world.pagerduty.sent)) == (sent, pages)
    await world.webhook(ENDED)
    await world.until(world.at + HOUR)
    assert (len(world.slack.sent), len(world.pagerduty.sent)) == (sent, pages)


async def test_what_fires_anew_is_told_at_once() -> None:
    world = await forgotten()
    pages = len(world.pagerduty.sent)
    await world.webhook(seen(at=world.at))
    await world.until(world.at + 10 * SECOND)
    assert world.store.counted["seen:opened:first_firing"] == 2
    assert len(world.pagerduty.sent) == pages + 1


async def test_each_copy_of_an_alert_is_remembered_by_itself() -> None:
    world = await forgotten("a", "b")
    assert len(world.store.rows[Table.TOMBSTONES]) == 2
    await world.webhook(seen(at=world.at, replica="a"))
    await world.webhook(seen(at=0, ends=MINUTE, replica="b"))
    (row,) = world.store.rows[Table.ALERTS].values()
    assert load_alert(row.value).firing
    assert verdicts(world)["seen:ignored:already_ended"] == 1


async def test_an_end_that_is_newer_than_the_one_known_is_forgotten_again_in_time() -> None:
    world = await forgotten()
    await world.webhook(seen(at=HOUR, ends=2 * HOUR))
    assert len(world.store.rows[Table.ALERTS]) == 1
    await world.until(9 * DAY)
    assert not world.store.rows[Table.ALERTS]
    assert not world.store.rows[Table.COPIES]


async def test_after_a_day_nothing_is_known_and_the_sweep_leaves_nothing() -> None:
    world = await forgotten()
    world.at += DAY - SECOND
    await maker(world).sweep_tombstones()
    assert len(world.store.rows[Table.TOMBSTONES]) == 1
    world.at += 2 * SECOND
    await world.webhook(msgspec.structs.replace(FIRED, starts_at=START + 1))
    assert world.store.counted["seen:opened:first_firing"] == 2
    await maker(world).sweep_tombstones()
    assert not world.store.rows[Table.TOMBSTONES]


async def test_of_too_many_the_oldest_go() -> None:
    world = World()
    room = maker(world)
    room.most_tombstones = 40
    for number in range(10):
        at = world.at
        several: list[Observation] = [
            seen(f"A{number}-{part}", at=at, service=f"{number}-{part}") for part in range(10)
        ]
        await world.webhook(*several)
        await world.until(at + MINUTE)
        await world.webhook(
            *(msgspec.structs.replace(one, firing=False, ends_at=START + world.at) for one in several)
        )
        await world.until(at + 2 * HOUR)
        await forget(world, room)
    left = [load_tombstone(row.value) for row in world.store.rows[Table.TOMBSTONES].values()]
    assert 0 < len(left) <= 40
    assert max(stone.forgotten_at for stone in left) > START + world.at - HOUR
    assert min(stone.forgotten_at for stone in left) > START + world.at - 10 * HOUR
