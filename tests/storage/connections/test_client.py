"""What the client repeats, and when a commit counts as taken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from gateway.errors import StateUnavailable
from tests.support.connected import ONE, connected, empty, taken
from tests.support.replicated import Cluster, SentinelGroup, Server


async def test_a_commit_that_was_not_answered_in_time_is_not_repeated(server: Callable[..., Server]) -> None:
    one = server()
    async with connected(f"redis://{one.place}", patience=0.3) as (_, store):
        await store.commit(ONE)
        one.freeze()
        with pytest.raises(StateUnavailable, match="no answer in time"):
            await store.commit(ONE)
        one.thaw()
        await asyncio.sleep(0.5)
        assert await store.counters() == {"received": 2}, "what was sent before the server froze is done once"


async def test_a_commit_that_too_few_replicas_have_does_not_count_and_may_be_sent_again(
    group: SentinelGroup,
) -> None:
    async with connected(group.url, copies=2) as (client, store):
        await empty(client)
        await taken(store)
        replica = next(node for node in group.servers if node is not group.primary)
        replica.freeze()
        try:
            with pytest.raises(StateUnavailable, match="1 of 2 replicas have it"):
                await store.commit(ONE)
        finally:
            replica.thaw()
        await taken(store)
        assert await store.counters() == {"received": 3}, (
            "it was done, and counts as a repeat when it comes again"
        )


async def test_replicas_of_a_clusters_primary_are_waited_for(nodes: Cluster) -> None:
    async with connected(nodes.url, copies=1) as (client, store):
        await empty(client)
        await taken(store)
    async with connected(nodes.url, copies=2) as (_, store):
        with pytest.raises(StateUnavailable, match="of 2 replicas"):
            await store.commit(ONE)
