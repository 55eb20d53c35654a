"""Thirteen months at 500 pages a day, compacted day by day in the store: what they take, and that they are all there."""

from __future__ import annotations

from itertools import islice
from random import Random

import pytest

from gateway.model.cells import STATISTICS_DAYS
from gateway.model.changes import Cell, Changes, CommitOutcome, Row, Table
from gateway.model.durations import DAY, HOUR, MINUTE
from gateway.model.statistics.kept_days import KeptDays, dump_kept
from gateway.state.shards import Shards
from gateway.state.statistics_sweep import EventSweep
from gateway.storage.redis import RedisStore
from tests.decisions.statistics.build import START as BEGIN
from tests.decisions.statistics.build import Story
from tests.reconcile.test_compaction import KEEP, made, put
from tests.support.build import START
from tests.support.connected import patient
from tests.support.world import World

DAYS, PAGES_A_DAY = 396, 500
ON_TOP = (308, 309)  # the days that are compacted with all the others before them
MOST_BYTES = 16 << 20
SERVICES, RULES, TEAMS, PEOPLE = 120, 60, 12, 25


def story_of_day(random: Random, day: int) -> Story:
    """A day of a large firm: half of the pages are labelled, most acknowledged, all over by evening; rules keep
    a few hundred more alerts quiet.
    """
    story = Story()
    for number in range(PAGES_A_DAY):
        at = day * DAY + number * (20 * HOUR // PAGES_A_DAY)
        # Every fifth page is a second target of the incident before it.
        incident = f"{day:04x}{number - number % 5 // 4:08x}"
        rule, service = random.randrange(RULES), random.randrange(SERVICES)
        page = story.page(
            at,
            incident,
            "lead-pager" if number % 5 == 4 else "pager",
            draw=random.random(),
            alertname=f"KubePodProblem{rule:02}",
            alertnames=(f"KubePodProblem{rule:02}",),
            service=f"service-{service:03}",
            thing=f"service-{service:03}-7d9f6c5b9-{random.randrange(1 << 20):05x}",
            team=f"team-{service % TEAMS:02}",
        )
        call = story.call(at, page)
        story.person(at + MINUTE, call, f"{random.randrange(PEOPLE):032x}")
        if random.random() < 0.7:
            story.acknowledge(
                at + random.randrange(10 * MINUTE), incident, by=f"{random.randrange(PEOPLE):032x}"
            )
        if random.random() < 0.5:
            story.label(at + HOUR, random.choice(("actionable", "noise")), page)
        if number % 5 != 4:
            story.end(at + random.randrange(MINUTE, 3 * HOUR), incident, started_at=BEGIN + at)
        if random.random() < 0.6:
            story.spell(at, f"{day:x}-{number}.1", service=f"service-{service:03}")
    return story


async def compacted(world: World, random: Random, day: int) -> None:
    """Write the events of a day, and compact it when it is old enough. Younger events are not what this is about."""
    put(world.store, *story_of_day(random, day).events)
    world.at = BEGIN + (day + 1) * DAY + KEEP - START
    await EventSweep(world.shards, KEEP).sweep()
    await world.settle()


def day_rows(world: World) -> dict[Cell, Row]:
    rows = world.store.rows[Table.META].items()
    return {Cell(Table.META, name): row for name, row in rows if name.startswith("statistics_day:")}


async def thirteen_months() -> World:
    """Compact day by day through the agenda, and return the world with all of it.

    Each compaction reads the days before it, which takes seconds in the end: most days have none of them before
    them. Two have all that the gateway keeps beside 90 days of events, which is 400 days together.
    """
    world, random, earlier = World(), Random(13), dict[Cell, Row]()
    meta = world.store.rows[Table.META]
    for day in range(DAYS):
        if day == ON_TOP[0]:
            put_back(world, earlier)
        await compacted(world, random, day)
        earlier |= day_rows(world)
        if day not in ON_TOP[:-1]:
            for cell in (*day_rows(world), STATISTICS_DAYS):
                del meta[cell.field]
    put_back(world, earlier)
    return world


def put_back(world: World, rows: dict[Cell, Row]) -> None:
    kept = KeptDays(BEGIN, BEGIN + len(rows) * DAY)
    meta = world.store.rows[Table.META]
    meta |= {cell.field: row for cell, row in rows.items()}
    meta[STATISTICS_DAYS.field] = Row(b"12345678", dump_kept(kept))


@pytest.mark.long(minutes=2)
async def test_13_months_at_500_pages_a_day_stay_under_16_mib_and_are_reported_whole(valkey_url: str) -> None:
    world = await thirteen_months()
    rows = day_rows(world) | {STATISTICS_DAYS: world.store.rows[Table.META][STATISTICS_DAYS.field]}
    client = patient(valkey_url)
    try:
        await client.ask_each("FLUSHALL")
        store = RedisStore(client)
        names = iter(rows)
        while cells := [*islice(names, 50)]:
            changes = Changes(put={cell: rows[cell].value for cell in cells})
            assert (await store.commit(changes)).outcome is CommitOutcome.DONE
        ((_, taken),) = await client.ask_each("MEMORY", "USAGE", "{gw:0}:meta", "SAMPLES", "0")
        print(f"{len(rows) - 1} days take {taken / (1 << 20):.1f} MiB in Valkey")  # noqa: T201
        assert len(rows) - 1 == DAYS
        assert taken < MOST_BYTES
        report = await made(
            world, Shards([store]), from_=BEGIN, to=BEGIN + DAYS * DAY, tz="UTC", bucket="none"
        )
    finally:
        await client.aclose()
    assert (report.complete, report.basis) == (True, "compacted")
    assert report.total.counts.pages == DAYS * PAGES_A_DAY
    assert report.total.labels.labelled > 0
    assert report.total.mttr.ended == report.total.counts.incidents == DAYS * PAGES_A_DAY * 4 // 5
