"""Commits wait for a fence, and do not wait for ever."""

from __future__ import annotations

import asyncio

import pytest

from gateway.errors import StateUnavailable
from gateway.model.changes import Changes, CommitOutcome
from gateway.state.commit import FENCE_PATIENCE, commit, fence_waits
from gateway.state.transact import FENCE_MS
from gateway.storage.memory import MemoryStore
from tests.support.rival import COUNT, RivalStore


async def test_a_commit_waits_for_the_fence_of_another_replica() -> None:
    store = RivalStore()
    await MemoryStore.fence(store, "rival", FENCE_MS)
    committing = asyncio.create_task(commit(store, Changes(put={COUNT: b"1"})))
    while len(store.outcomes) < 2:
        await asyncio.sleep(0)
    store.at += FENCE_MS + 1
    assert (await committing).outcome is CommitOutcome.DONE


async def test_a_fence_that_never_ends_is_an_error_that_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.state.commit.FENCE_STEP_SECONDS", 0)
    store = RivalStore()
    await MemoryStore.fence(store, "rival", FENCE_MS)
    with pytest.raises(StateUnavailable, match="fenced: try again"):
        await commit(store, Changes(put={COUNT: b"1"}))
    assert len(store.outcomes) == FENCE_PATIENCE


async def test_a_lost_race_is_answered_at_once() -> None:
    store = RivalStore()
    committed = await commit(store, Changes(expect={COUNT: b"other"}))
    assert committed.outcome is not CommitOutcome.DONE
    assert store.outcomes == ["lost"]


def test_the_waits_grow_and_last_longer_than_any_fence() -> None:
    waits = list(fence_waits())
    assert waits == sorted(waits)
    assert sum(waits) > 2 * FENCE_MS / 1000
