"""Room is made by forgetting what nobody needs: history first, then what ended, of whoever takes most room."""

from __future__ import annotations

import msgspec

from gateway.model.alert import Observation
from gateway.model.changes import LogEntry, Table
from gateway.model.durations import DAY, HOUR, MINUTE
from gateway.model.notification import Refused
from gateway.model.records import load_alert
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.reconcile.make_room import AT_ONCE, LOOK_AGAIN_MS, TIMELINE_LENGTH, RoomMaker
from tests.support.build import START, rulebook, seen, slack
from tests.support.world import World

CHAT_ONLY = rulebook(Route("everything", BUILT_IN, notify=("chat",)), destinations=(slack(),))


def of(source: str, observation: Observation) -> Observation:
    return msgspec.structs.replace(observation, copy=observation.copy.replace("default/", f"{source}/"))


def maker(world: World) -> RoomMaker:
    return RoomMaker(world.store, lambda: world.reconciler.context.policy.rules.sources)


async def lived(world: World, *names: str, source: str = "default") -> None:
    """Have alerts fire and end now, each in an incident of its own."""
    at = world.at
    await world.webhook(*(of(source, seen(name, at=at, service=name)) for name in names))
    await world.until(at + MINUTE)
    await world.webhook(*(of(source, seen(name, at=at, ends=at + MINUTE, service=name)) for name in names))
    await world.until(at + 10 * MINUTE)


def names(world: World) -> list[str]:
    alerts = [load_alert(row.value) for row in world.store.rows[Table.ALERTS].values()]
    return sorted(alert.labels["alertname"] for alert in alerts)


async def emptied(world: World, room: RoomMaker) -> None:
    """Make room until nothing is left that may be forgotten."""
    for _ in range(100):
        if not await room.make_room():
            return
    raise AssertionError("it never ends")


async def test_nothing_is_left_of_what_was_forgotten_and_the_books_balance() -> None:
    world = World()
    await lived(world, "One", "Two")
    await world.until(2 * HOUR)
    room = maker(world)
    await emptied(world, room)
    assert room.forgotten == {"default": 2}
    tables = (Table.ALERTS, Table.COPIES, Table.INCIDENTS, Table.LEDGERS, Table.KEYS, Table.PAST)
    assert [len(world.store.rows[table]) for table in tables] == [0] * len(tables)
    assert not world.store.agenda_at
    await world.until(9 * DAY)
    await lived(world, "One")
    assert names(world) == ["One"]


async def test_what_ended_within_the_hour_stays() -> None:
    world = World()
    await lived(world, "Old")
    await world.until(HOUR)
    await lived(world, "Young")
    room = maker(world)
    await emptied(world, room)
    assert names(world) == ["Young"]


async def test_the_oldest_of_the_source_that_takes_most_room_goes_first() -> None:
    world = World()
    await lived(world, "Quiet", source="quiet")
    await lived(world, *(f"Early{number}" for number in range(AT_ONCE)), source="loud")
    await lived(world, *(f"Late{number}" for number in range(AT_ONCE)), source="loud")
    await world.until(3 * HOUR)
    room = maker(world)
    assert await room.make_room()
    assert room.forgotten == {"loud": AT_ONCE}
    assert not [name for name in names(world) if name.startswith("Early")]
    assert len(names(world)) == AT_ONCE + 1
    while room.forgotten["loud"] < 2 * AT_ONCE:
        assert await room.make_room()
    assert names(world) == ["Quiet"]
    await emptied(world, room)
    assert names(world) == []


async def test_earlier_episodes_go_before_anything_that_ended() -> None:
    world = World()
    for _ in range(3):
        await lived(world, "Flaps")
    await lived(world, "Other")
    await world.until(3 * HOUR)
    assert len(world.store.rows[Table.PAST]) == 2
    room = maker(world)
    while world.store.rows[Table.PAST]:
        assert await room.make_room()
    assert names(world) == ["Flaps", "Other"]
    assert (room.forgotten_lives, room.forgotten) == ({"default": 2}, {})
    await emptied(world, room)
    assert names(world) == []


async def test_the_history_of_what_is_open_keeps_nothing_of_what_has_ended_waiting() -> None:
    route = Route("everything", BUILT_IN, notify=("chat",), resolve_after=HOUR)
    world = World(rulebook(route, destinations=(slack(),)))
    for batch in range(4):
        await lived(world, *(f"Ended{batch}-{number}" for number in range(AT_ONCE)))
    for _ in range(3):
        await lived(world, "Flaps")
    await world.webhook(seen("Flaps", at=world.at, service="Flaps"))
    await world.until(world.at + 3 * HOUR)
    assert len(world.store.rows[Table.PAST]) == 3
    room = maker(world)
    for _ in range(3):
        await room.make_room()
    assert room.forgotten["default"] >= AT_ONCE
    assert len(world.store.rows[Table.PAST]) == 3


async def test_an_end_that_nobody_was_told_of_is_known_after_it_was_forgotten() -> None:
    world = World()
    end = seen("Orphan", ends=30_000)
    await world.webhook(end)
    await world.until(3 * HOUR)
    await emptied(world, maker(world))
    assert names(world) == []
    await world.webhook(end)
    assert world.store.counted["seen:ignored:already_ended"] == 1


async def test_timelines_are_the_first_to_go() -> None:
    world = World()
    await lived(world, "One")
    world.store.log.extend((START, LogEntry("i1", "said", {})) for _ in range(2 * TIMELINE_LENGTH))
    room = maker(world)
    assert not await room.make_room()
    assert len(world.store.log) == TIMELINE_LENGTH
    assert names(world) == ["One"]


async def test_a_store_full_of_open_incidents_keeps_all_of_them() -> None:
    """An ended member of an open incident too, and an alert whose end somebody is still owed."""
    world = World(CHAT_ONLY)
    await world.webhook(seen("Fires", service="a"), seen("Ends", service="a"), seen("Owed", service="b"))
    await world.until(MINUTE)
    world.slack.down = True
    await world.webhook(seen("Ends", service="a", ends=MINUTE), seen("Owed", service="b", ends=MINUTE))
    await world.until(5 * HOUR)
    before = {
        table: dict(rows)
        for table, rows in world.store.rows.items()
        if table not in (Table.META, Table.EVENTS)
    }
    room = maker(world)
    await emptied(world, room)
    assert {table: world.store.rows[table] for table in before} == before
    world.slack.down = False
    await world.until(6 * HOUR)
    assert [sent.state for sent in world.slack.sent if sent.notification][-1].value == "ended"


async def test_a_dead_letter_is_kept_and_sent_again_later() -> None:
    world = World(CHAT_ONLY)
    await world.webhook(seen())
    await world.until(MINUTE)
    world.slack.answers = [Refused("gone", permanent=True)] * 3
    await world.webhook(seen(ends=MINUTE))
    await world.until(5 * HOUR)
    assert world.ledgers["chat"].dead
    await emptied(world, maker(world))
    assert world.ledgers["chat"].dead


async def test_what_was_passed_over_is_looked_at_again_later() -> None:
    world = World(CHAT_ONLY)
    await lived(world, "One")
    room = maker(world)
    await world.until(HOUR)
    await emptied(world, room)
    assert names(world) == ["One"]
    await world.until(HOUR + LOOK_AGAIN_MS + 2 * MINUTE)
    await emptied(world, room)
    assert names(world) == []


async def test_an_end_of_what_nobody_knows_goes_like_what_has_ended() -> None:
    world = World()
    await world.webhook(seen(ends=MINUTE))
    await world.until(2 * HOUR)
    await emptied(world, maker(world))
    assert names(world) == []
    assert not world.store.rows[Table.COPIES]
    assert not world.store.agenda_at


async def test_incidents_that_share_a_join_key_go_together() -> None:
    world = World()
    for _ in range(2):
        await world.webhook(seen("Same", at=world.at))
        await world.until(world.at + MINUTE)
        await world.webhook(seen("Same", at=world.at - MINUTE, ends=world.at))
        await world.until(world.at + 2 * HOUR)
    assert len(world.incidents) == 2
    await world.until(world.at + 2 * HOUR)
    await emptied(world, maker(world))
    assert world.incidents == []
    assert not world.store.rows[Table.KEYS]
