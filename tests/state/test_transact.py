"""One loop reads, decides and commits, with one policy for lost races; nothing else in the program is such a
loop.
"""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest

from gateway.errors import StateUnavailable
from gateway.model.agenda import Subject
from gateway.model.changes import Changes, CommitOutcome, Query, Release, Result
from gateway.model.lanes import LaneRule
from gateway.state.transact import (
    COMMIT_ATTEMPTS,
    FENCE_MS,
    Transacted,
    commit_claimed,
    known_first,
    let_go,
    transact,
)
from gateway.storage.memory import MemoryStore
from tests.support.build import START
from tests.support.commit_loops import commit_loops, mentions_of_lost_races
from tests.support.rival import COUNT, RivalStore

GATEWAY = Path(__file__).parents[2] / "gateway"
PLAN = Subject.plan("i1")


def one_more(gathered: Result) -> tuple[Changes | None, int]:
    row = gathered.rows[COUNT]
    after = int(row.value or 0) + 1
    return Changes(expect={COUNT: row.version}, put={COUNT: str(after).encode()}), after


async def count_up(store: RivalStore) -> Transacted[int]:
    return await transact(store, "count", partial(store.gather, Query(cells=(COUNT,))), one_more)


@pytest.fixture
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.state.commit.FENCE_PATIENCE", 3)
    monkeypatch.setattr("gateway.state.commit.FENCE_STEP_SECONDS", 0)


async def test_what_nobody_disturbs_is_one_read_and_one_commit() -> None:
    store = RivalStore()
    done = await count_up(store)
    assert (done.answer, store.reads, store.outcomes) == (1, 1, ["done"])
    assert done.committed is not None
    assert not store.lost_races


async def test_a_lost_race_is_read_and_decided_anew() -> None:
    store = RivalStore(quicker=1)
    assert (await count_up(store)).answer == 1
    assert store.outcomes == ["lost", "done"]
    assert store.reads == 2
    assert store.lost_races == {"count": 1}


async def test_after_some_lost_races_the_shard_is_fenced_and_the_fence_given_back() -> None:
    store = RivalStore(quicker=COMMIT_ATTEMPTS)
    await count_up(store)
    assert store.outcomes == ["lost"] * COMMIT_ATTEMPTS + ["done under the fence"]
    assert store.fences == ["taken", "given back"]
    assert store.lost_races == {"count": COMMIT_ATTEMPTS}


async def test_a_fence_of_another_replica_is_waited_for_and_is_no_lost_race() -> None:
    store = RivalStore()
    await MemoryStore.fence(store, "rival", FENCE_MS)
    counting = asyncio.create_task(count_up(store))
    while len(store.outcomes) < COMMIT_ATTEMPTS + 2:
        await asyncio.sleep(0)
    store.at += FENCE_MS + 1
    assert (await counting).answer == 1
    assert set(store.outcomes) == {"fenced", "done"}
    assert not store.fences
    assert not store.lost_races


@pytest.mark.usefixtures("no_patience")
async def test_a_fence_that_never_ends_is_the_one_error_and_it_names_the_transaction() -> None:
    store = RivalStore()
    await MemoryStore.fence(store, "rival", FENCE_MS)
    with pytest.raises(StateUnavailable, match="count was not written; try again"):
        await count_up(store)
    assert store.rows[COUNT.table] == {}


@pytest.mark.usefixtures("no_patience")
async def test_a_race_that_is_never_won_is_the_same_error_and_every_loss_is_counted() -> None:
    store = RivalStore()

    async def read_what_is_changed_at_once() -> Result:
        found = await store.gather(Query(cells=(COUNT,)))
        store._fence = ("", 0)  # the fence runs out while we read
        store.quicker = 1
        await store.gather(Query(cells=(COUNT,)))
        return found

    with pytest.raises(StateUnavailable, match="count was not written; try again"):
        await transact(store, "count", read_what_is_changed_at_once, one_more)
    assert store.lost_races == {"count": COMMIT_ATTEMPTS + 3}


async def test_a_decision_that_needs_no_write_commits_nothing() -> None:
    store = RivalStore(quicker=9)
    done = await transact(
        store, "count", partial(store.gather, Query(cells=(COUNT,))), lambda _: (None, "as it is")
    )
    assert done == ("as it is", None)
    assert store.outcomes == []
    assert store.reads == 1


async def test_a_fault_under_the_fence_gives_the_fence_back() -> None:
    store = RivalStore(quicker=COMMIT_ATTEMPTS)

    def stumble(gathered: Result) -> tuple[Changes | None, int]:
        if store.fences:
            raise ValueError("a fault of ours")
        return one_more(gathered)

    with pytest.raises(ValueError, match="a fault of ours"):
        await transact(store, "count", partial(store.gather, Query(cells=(COUNT,))), stumble)
    assert store.fences == ["taken", "given back"]


async def test_what_is_known_already_is_not_read_again_before_a_race_is_lost() -> None:
    store = RivalStore()
    read = partial(store.gather, Query(cells=(COUNT,)))
    known = await read()
    await store.commit(Changes(put={COUNT: b"7"}))
    done = await transact(store, "count", known_first(known, read), one_more)
    assert done.answer == 8
    assert store.reads == 2
    assert store.lost_races == {"count": 1}


async def test_work_on_a_claim_that_loses_its_race_is_looked_at_again_at_once() -> None:
    store = RivalStore()
    await store.commit(Changes(agenda={PLAN: (START, 5)}))
    (claim,) = (await store.claim(1, 10_000, LaneRule())).claims
    late = Changes(expect={COUNT: b"other"}, put={COUNT: b"1"}, releases=[Release(claim, None)])
    assert (await commit_claimed(store, claim, late)).outcome is not CommitOutcome.DONE
    assert store.agenda_at == {PLAN: START}
    assert store.lost_races == {"plan": 1}


async def test_a_claim_that_is_let_go_is_due_when_it_was_asked_for_or_never() -> None:
    store = RivalStore()
    await store.commit(Changes(agenda={PLAN: (START, 5)}))
    (claim,) = (await store.claim(1, 10_000, LaneRule())).claims
    await let_go(store, claim, START + 60_000)
    assert store.agenda_at == {PLAN: START + 60_000}
    store.at += 60_000
    (claim,) = (await store.claim(1, 10_000, LaneRule())).claims
    await let_go(store, claim, None)
    assert store.agenda_at == {}


SOURCES = sorted(path for path in GATEWAY.rglob("*.py") if path.parent.name not in ("state", "storage"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(GATEWAY)))
def test_nothing_else_reads_and_commits_in_a_loop_or_looks_at_a_lost_race(path: Path) -> None:
    source = path.read_text("utf-8")
    assert commit_loops(source) == []
    assert mentions_of_lost_races(source) == []


OPEN_LOOP = """
async def change(store):
    for _ in range(5):
        row = (await store.gather(query)).rows[cell]
        if (await commit(store, decide(row))).outcome is CommitOutcome.DONE:
            return
"""
HIDDEN_LOOP = """
class Desk:
    async def round(self):
        while not await self._try():
            self.races += 1

    async def _try(self):
        seen = await self._read()
        return (await self.store.commit(decide(seen))).outcome is not CommitOutcome.LOST

    async def _read(self):
        return await read_snapshot(self.store, self.incident)
"""
SWEEP = """
async def sweep(store):
    async for rows in pages(store, Table.ALERTS):
        await commit(store, changes_of(rows))
"""


def test_a_loop_that_reads_and_commits_is_found_even_if_a_method_hides_both() -> None:
    assert commit_loops(OPEN_LOOP) == ["change:3"]
    assert commit_loops(HIDDEN_LOOP) == ["round:4"]
    assert mentions_of_lost_races(HIDDEN_LOOP) == [9]
    assert commit_loops(SWEEP) == []
