"""The shards of a store are one to people: sums, pages, and the newest of all timelines."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gateway.model.agenda import AgendaLook, Subject, WaitingLane
from gateway.model.changes import Cell, Changes, LogEntry, QuarantineEntry, Table
from gateway.state.shards import Shards
from gateway.storage.memory import MemoryStore
from tests.support.build import START


class Three:
    """Three shards with a clock that is given."""

    def __init__(self) -> None:
        self.at = 0
        self.stores = [MemoryStore(lambda: START + self.at) for _ in range(3)]
        self.shards = Shards(self.stores)

    async def put(self, shard: int, names: Sequence[str]) -> None:
        await self.stores[shard].commit(Changes(put={Cell(Table.INCIDENTS, name): b"x" for name in names}))


async def test_counters_and_sizes_are_sums() -> None:
    three = Three()
    await three.stores[0].commit(Changes(count={"received": 2, "open:waiting": 1}))
    await three.stores[2].commit(Changes(count={"received": 3, "open:waiting": -1}))
    await three.put(1, ["a", "b"])
    await three.put(2, ["c"])
    counted = await three.shards.counters()
    assert (counted["received"], counted["open:waiting"]) == (5, 0)
    assert await three.shards.size(Table.INCIDENTS) == 3


@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param([5, 5, 5], id="every shard has several pages"),
        pytest.param([0, 0, 5], id="the first ones are empty"),
        pytest.param([5, 0, 0], id="the last ones are empty"),
        pytest.param([0, 0, 0], id="all of them are empty"),
    ],
)
async def test_pages_lead_through_all_shards_and_end(sizes: list[int]) -> None:
    three = Three()
    for shard, size in enumerate(sizes):
        await three.put(shard, [f"{shard}/{number}" for number in range(size)])
    found: set[str] = set()
    cursor, looks = 0, 0
    while cursor or not looks:
        cursor, rows = await three.shards.page(Table.INCIDENTS, cursor, 2)
        found |= set(rows)
        looks += 1
        assert looks < 20, "the pages never end"
    assert len(found) == sum(sizes)


async def test_the_timeline_has_the_newest_lines_of_all_shards_first() -> None:
    three = Three()
    for number, shard in enumerate((0, 2, 1, 0)):
        three.at = number
        await three.stores[shard].commit(Changes(log=[LogEntry("i1", "verdicts", {"number": number})]))
    lines = await three.shards.timeline("i1", 3)
    assert [line.detail["number"] for _, line in lines] == [3, 2, 1]


async def test_the_agenda_is_as_late_as_the_latest_shard() -> None:
    three = Three()
    for shard, due in enumerate((START - 5, START - 90, START + 5)):
        await three.stores[shard].commit(Changes(agenda={Subject.plan(f"i{shard}"): (due, 5)}))
    assert await three.shards.agenda() == AgendaLook(3, 90)


async def test_a_lane_waits_in_all_shards_together() -> None:
    three = Three()
    for shard, due in enumerate((START - 5, START - 90, START + 5)):
        await three.stores[shard].commit(Changes(agenda={Subject.deliver("chat", f"i{shard}"): (due, 5)}))
    assert await three.shards.agenda() == AgendaLook(3, 0, (WaitingLane("chat", 2, 90),))


async def test_a_row_is_looked_for_in_every_shard_and_the_home_shard_answers_for_what_is_not_there() -> None:
    three = Three()
    await three.put(2, ["i1"])
    assert await three.shards.holding(Cell(Table.INCIDENTS, "i1")) is three.stores[2]
    assert await three.shards.holding(Cell(Table.INCIDENTS, "gone")) is three.shards.home is three.stores[0]


async def test_the_quarantine_is_that_of_the_home_shard() -> None:
    three = Three()
    await three.stores[0].commit(Changes(keep=[QuarantineEntry("q1", b"x")]))
    assert [entry.id for entry, _, _ in await three.shards.quarantine(10)] == ["q1"]
