"""Days of the statistics are compacted in the store, once, and every figure stays what it was."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import msgspec
import pytest

from gateway.actions.statistics_reports import StatisticsReports
from gateway.model.agenda import Subject
from gateway.model.changes import Changes, Row, Table
from gateway.model.durations import DAY, HOUR
from gateway.model.statistics.events import AnyEvent, from_line
from gateway.model.statistics.report import Report
from gateway.model.statistics.request import By, StatisticsRequest, Viewer
from gateway.reconcile.compaction import compact_days
from gateway.state import statistics_history, statistics_sweep
from gateway.state.shards import Shards
from gateway.state.statistics import read_events
from gateway.state.statistics_history import read_history
from gateway.state.statistics_sweep import EventSweep
from gateway.storage.memory import MemoryStore
from tests.decisions.statistics.build import START as BEGIN
from tests.decisions.statistics.build import Story
from tests.decisions.statistics.histories import random_story
from tests.decisions.statistics.test_compact import figures, story_of_a_page
from tests.oracles.histories import Writer
from tests.oracles.statistics import recompute
from tests.oracles.test_statistics import FORGOTTEN, differences
from tests.support.build import START
from tests.support.world import World

KEEP = 90 * DAY
ALL = Viewer(administers=True)


def put(store: MemoryStore, *events: AnyEvent) -> None:
    """Have the store know events as of long ago."""
    for event in events:
        fields: dict[str, Any] = msgspec.to_builtins(event)
        said = {name: value for name, value in fields.items() if name not in ("at", "shard", "seq")}
        if event.__struct_config__.tag in ("rules", "service_seen"):
            said["id"] = f"{event.__struct_config__.tag}|{event.id}"  # as the store has them
        value = f"{event.at} {event.seq} ".encode() + msgspec.json.encode(said)
        store.rows[Table.EVENTS][said["id"]] = Row(b"12345678", value)


def told_by(story: Story, days: float) -> World:
    """A world so many days after the story began."""
    world = World()
    put(world.store, *story.events)
    world.at = round(BEGIN + days * DAY - START)
    return world


async def made(world: World, shards: Shards | None = None, **asked: Any) -> Report:
    now = START + world.at
    wanted = StatisticsRequest(
        **{"from_": BEGIN - 2 * DAY, "to": now, "as_of": now, "viewer": ALL, "tz": "Europe/Berlin"} | asked
    )
    return await StatisticsReports(shards or world.shards, world.secrets.mark, KEEP).make(wanted)


async def compacted(world: World, keep: int = KEEP) -> int:
    """Sweep and compact until nothing is due, and return how many events went."""
    before, left = len(world.store.rows[Table.EVENTS]), -1
    while left != len(world.store.rows[Table.EVENTS]):
        left = len(world.store.rows[Table.EVENTS])
        await EventSweep(world.shards, keep).sweep()
        await world.settle()
    return before - left


@pytest.mark.parametrize("by", ["none", "service", "team"])
async def test_every_figure_is_the_same_before_and_after(by: By) -> None:
    story = random_story(Random(7), 12, 25, persons="all")
    world = told_by(story, 97)
    exact = await made(world, by=by, bucket="week")
    assert await compacted(world) > 50
    after = await made(world, by=by, bucket="week")
    assert (exact.basis, after.basis, after.complete) == ("exact", "mixed", True)
    assert figures(after) == figures(exact)


@pytest.mark.parametrize("seed", range(3))
async def test_a_compacted_store_says_what_another_program_reads_in_the_events_before(seed: int) -> None:
    writer = Writer(Random(seed), persons="all")
    lines = writer.story()
    world = World()
    put(world.store, *map(from_line, lines))
    world.at = writer.start + 97 * DAY - START
    assert await compacted(world)
    asking: dict[str, Any] = {"as_of": START + world.at, "bucket": "week", "tz": "Asia/Kathmandu"}
    for by in ("none", "alertname", "team", "hour"):
        found = await made(world, **asking, by=by, from_=writer.start, to=writer.start + 28 * DAY)
        window = {"from": writer.start, "to": writer.start + 28 * DAY}
        viewer = {"person": None, "administers": True}
        again = recompute(lines, **window, **asking, by=by, viewer=viewer)
        assert differences(msgspec.to_builtins(found), again, FORGOTTEN) == [], by


async def test_a_day_goes_when_all_of_it_is_older_than_events_are_kept_and_not_before() -> None:
    world = told_by(story_of_a_page(), 91 - 1 / 24)
    await compacted(world)
    # The rules of the story's eve have a day of their own, which nothing else happened in.
    assert (await read_history(world.shards)).kept.end is None
    world.at += HOUR
    await compacted(world)
    stored = await read_history(world.shards)
    assert (stored.kept.begin, stored.kept.end) == (BEGIN, BEGIN + DAY)
    # The settings in force, and what people named later, are events still.
    assert [type(event).__name__ for event in await read_events(world.shards)] == ["RulesChanged"]


async def test_what_two_replicas_find_is_compacted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world = told_by(story_of_a_page(), 92)
    await EventSweep(world.shards, KEEP).sweep()
    (claim,) = (await world.store.claim(1, 1, world.reconciler.lanes())).claims
    assert claim.subject == Subject.compact("2026-12-01")
    first = await read_history(world.shards)

    async def slow(*_: object) -> statistics_history.StoredHistory:
        return first

    await compact_days(world.reconciler.context, claim)
    written = dict(world.store.rows[Table.META])
    await world.store.commit(Changes(agenda={claim.subject: (START + world.at, 9)}))
    (again,) = (await world.store.claim(1, 1, world.reconciler.lanes())).claims
    monkeypatch.setattr("gateway.reconcile.compaction.read_history", slow)
    await compact_days(world.reconciler.context, again)
    days = [name for name in world.store.rows[Table.META] if name.startswith("statistics_day")]
    assert {name: world.store.rows[Table.META][name] for name in days} == {
        name: written[name] for name in days
    }


async def test_what_took_longer_than_its_lease_is_written_all_the_same() -> None:
    world = told_by(story_of_a_page(), 92)
    await EventSweep(world.shards, KEEP).sweep()
    (claim,) = (await world.store.claim(1, 1, world.reconciler.lanes())).claims
    world.at += HOUR
    (again,) = (await world.store.claim(1, HOUR, world.reconciler.lanes())).claims
    assert again.subject == claim.subject
    await compact_days(world.reconciler.context, claim)
    assert (await read_history(world.shards)).kept.end == BEGIN + DAY


async def test_events_that_a_killed_replica_left_count_no_second_time() -> None:
    story = random_story(Random(3), 4, 12, persons="all")
    world = told_by(story, 100)
    exact = figures(await made(world))
    await compacted(world)
    put(world.store, *story.events)
    assert figures(await made(world)) == exact
    await EventSweep(world.shards, KEEP).sweep()
    assert figures(await made(world)) == exact
    kinds = {event.__struct_config__.tag for event in await read_events(world.shards)}
    assert not kinds & {"page", "call", "incident_end"}


async def test_the_events_of_all_shards_make_one_day() -> None:
    story = random_story(Random(5), 3, 12, persons="all")
    world = told_by(Story(), 95)
    other = MemoryStore(lambda: START + world.at)
    for number, event in enumerate(story.events):
        put((world.store, other)[number % 2], event)
    both = Shards([world.store, other])
    exact = figures(await made(world, both))
    world.reconciler.context = replace(world.reconciler.context, elsewhere=(other,))
    await EventSweep(both, KEEP).sweep()
    (claim,) = (await world.store.claim(1, 1, world.reconciler.lanes())).claims
    await compact_days(world.reconciler.context, claim)
    assert figures(await made(world, both)) == exact
    assert (await read_history(both)).kept.end is not None
    assert not [name for name in other.rows[Table.META] if name.startswith("statistics_")]


async def test_a_crowded_store_compacts_what_is_final_and_drops_the_oldest_of_what_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (statistics_sweep, statistics_history):
        monkeypatch.setattr(module, "MAX_EVENTS", 3)
    world = told_by(story_of_a_page(), 62)
    put(world.store, *(replace_at(event, 40 * DAY) for event in story_of_a_page().events[1:]))
    exact = await made(world)
    assert exact.incomplete_because == ("over_cap",)
    await compacted(world)
    after = await made(world)
    # The old day is compacted, and of the young one the oldest events are lost.
    assert (after.total.counts.pages, after.basis) == (exact.total.counts.pages - 1, "mixed")
    assert after.incomplete_because == ("over_cap",)
    assert (await made(world, from_=START + world.at - DAY)).incomplete_because == ("over_cap",)


def replace_at(event: AnyEvent, later: int) -> AnyEvent:
    named = {"incident": f"later-{event.incident}"} if hasattr(event, "incident") else {}
    return msgspec.structs.replace(event, id=f"later-{event.id}", at=event.at + later, **named)


async def test_days_older_than_thirteen_months_are_lost_and_a_report_says_so() -> None:
    world = told_by(story_of_a_page(), 92)
    await compacted(world)
    world.at += 400 * DAY
    await compacted(world)
    found = await made(world)
    assert (found.total.counts.pages, found.incomplete_because) == (0, ("expired",))
    assert not [name for name in world.store.rows[Table.META] if name == f"statistics_day:{BEGIN}"]
    assert (await made(world, from_=START + world.at - 10 * DAY)).complete


async def test_events_that_are_kept_for_less_than_labels_need_are_forgotten() -> None:
    world = told_by(story_of_a_page(), 40)
    await compacted(world, 30 * DAY)
    assert (await read_history(world.shards)).kept.end is None
    assert [type(event).__name__ for event in await read_events(world.shards)] == ["RulesChanged"]
