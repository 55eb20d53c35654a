"""What is true of the in-memory store alone: it obeys the clock that it is given.

Everything else is in the contract tests.
"""

from __future__ import annotations

from gateway.model.agenda import Subject
from gateway.model.changes import Cell, Changes, CommitOutcome, LogEntry, Query, Table
from gateway.model.lanes import LaneRule, Pace, load_closed_lane
from gateway.model.retention import LOG_LENGTH
from gateway.storage.memory import MemoryStore


class Clock:
    def __init__(self) -> None:
        self.ms = 1_000_000

    def __call__(self) -> int:
        return self.ms


async def test_its_time_never_goes_back() -> None:
    clock = Clock()
    store = MemoryStore(clock)
    assert await store.now() == 1_000_000
    clock.ms -= 500
    assert (await store.gather(Query())).now == 1_000_000


async def test_a_subject_is_claimed_as_soon_as_its_time_has_come() -> None:
    clock = Clock()
    store = MemoryStore(clock)
    await store.commit(Changes(agenda={Subject.plan("i1"): (1_000_010, 5)}))
    assert (await store.claim(1, 100, LaneRule())).next_due == 1_000_010
    clock.ms += 10
    assert [claim.subject for claim in (await store.claim(1, 100, LaneRule())).claims] == [Subject.plan("i1")]


async def test_a_fence_ends_by_itself() -> None:
    clock = Clock()
    store = MemoryStore(clock)
    await store.fence("another", 100)
    assert (await store.commit(Changes())).outcome is CommitOutcome.FENCED
    clock.ms += 100
    assert (await store.commit(Changes())).outcome is CommitOutcome.DONE


async def test_a_lane_that_closes_again_long_after_it_opened_has_been_closed_since_then() -> None:
    clock = Clock()
    store = MemoryStore(clock)
    cell = Cell(Table.META, "closed:chat")
    await store.close_lane("chat", Pace(1, 1), 1_000_100)
    clock.ms += 60_100
    await store.close_lane("chat", Pace(1, 1), clock.ms + 5)
    assert load_closed_lane((await store.gather(Query(cells=(cell,)))).rows[cell].value) == (
        1_000_000,
        1_060_105,
    )
    clock.ms += 60_006
    await store.close_lane("chat", Pace(1, 1), clock.ms + 5)
    assert load_closed_lane((await store.gather(Query(cells=(cell,)))).rows[cell].value) == (
        1_120_106,
        1_120_111,
    )


async def test_its_log_is_bounded_and_goes_on_counting() -> None:
    store = MemoryStore(Clock())
    await store.commit(Changes(log=[LogEntry("i1", "x", {}) for _ in range(LOG_LENGTH + 5)]))
    stretch = await store.log_after("", 1)
    assert (stretch.first, stretch.last) == (6, LOG_LENGTH + 5)
