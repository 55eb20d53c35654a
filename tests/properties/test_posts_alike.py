"""Posts in the in-memory store and in a real server: the same answers and the same wakings, whatever is done
in whatever order.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.agenda import Subject
from gateway.model.changes import Changes, Query, Release
from gateway.model.lanes import LaneRule
from gateway.model.topics import Topics
from gateway.ports import Store
from gateway.storage.memory import MemoryStore
from gateway.storage.redis import RedisStore
from tests.support.connected import patient

POSTS, ALERTS, SUBJECTS = ("p", "p0", "q"), ("a", "b", "c"), (Subject.plan("i"), Subject.plan("j"))


def pairs(others: tuple[Any, ...]) -> st.SearchStrategy[list[tuple[str, Any]]]:
    return st.lists(st.tuples(st.sampled_from(POSTS), st.sampled_from(others)), max_size=2)


MOVES = st.builds(
    Topics,
    add=pairs(ALERTS),
    remove=pairs(ALERTS),
    subscribe=pairs(SUBJECTS),
    unsubscribe=pairs(SUBJECTS),
    seen=st.dictionaries(st.sampled_from(POSTS), st.sampled_from(["", *ALERTS]), max_size=1),
)


async def done(store: Store, moves: Topics) -> tuple[str, dict[str, str], list[str]]:
    """The fate of the commit, who stands where then, and who was woken."""
    outcome = (await store.commit(Changes(topics=moves))).outcome
    standing = {
        topic: alert for topic, (alert, _) in (await store.gather(Query(topics=POSTS))).standing.items()
    }
    claims = (await store.claim(10, 20_000, LaneRule())).claims
    await store.commit(Changes(releases=[Release(one, None) for one in claims]))
    return outcome, standing, sorted(str(one.subject) for one in claims)


async def play(url: str, steps: list[Topics]) -> None:
    client = patient(url)
    await client.ask_each("FLUSHALL")
    try:
        memory, server = MemoryStore(lambda: 1_800_000_000_000), RedisStore(client)
        for moves in steps:
            assert await done(memory, moves) == await done(server, moves)
    finally:
        await client.aclose()


@settings(max_examples=150)
@given(st.lists(MOVES, min_size=1, max_size=12))
def test_both_stores_do_the_same(valkey_url: str, steps: list[Topics]) -> None:
    asyncio.run(play(valkey_url, steps))


@pytest.mark.long(minutes=2)
@settings(max_examples=2_500)
@given(st.lists(MOVES, min_size=1, max_size=30))
def test_both_stores_do_the_same_at_length(redis_url: str, steps: list[Topics]) -> None:
    asyncio.run(play(redis_url, steps))
