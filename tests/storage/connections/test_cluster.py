"""A cluster: redirections are followed, nothing is done twice while slots move."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest

from gateway.errors import StateUnavailable
from gateway.model.changes import Changes
from tests.support.connected import ALERT, ALERTS, COUNTERS, ONE, connected, empty, read, taken
from tests.support.replicated import Cluster, Server, cluster


async def test_a_slot_that_has_moved_is_followed(nodes: Cluster) -> None:
    async with connected(nodes.url) as (client, store):
        await empty(client)
        await taken(store)
        former = nodes.owner(ALERTS)
        heir = nodes.replica_of(former)
        await asyncio.to_thread(nodes.hand_over, former, heir)
        await taken(store, Changes(put={ALERT: b"two"}))
        assert await read(store) == b"two"


@pytest.fixture
def alone() -> Iterator[Cluster]:
    with cluster(replicas=0) as made:
        yield made


async def test_while_a_slot_moves_to_a_new_node_nothing_is_done_twice_and_nothing_crashes(
    alone: Cluster,
) -> None:
    """A script over many keys is refused with TRYAGAIN until all have moved; a question about one key is
    redirected by ASK.
    """
    nodes = alone
    async with connected(nodes.url) as (_, store):
        await taken(store)
        old, new = nodes.owner(ALERTS), await asyncio.to_thread(nodes.joined)
        slot = old.ask("CLUSTER", "KEYSLOT", ALERTS)
        new.ask("CLUSTER", "SETSLOT", slot, "IMPORTING", old.ask("CLUSTER", "MYID"))
        old.ask("CLUSTER", "SETSLOT", slot, "MIGRATING", new.ask("CLUSTER", "MYID"))
        old.ask("MIGRATE", "127.0.0.1", str(new.port), COUNTERS, "0", "5000")
        assert await store.counters() == {"received": 1}
        with pytest.raises(StateUnavailable, match="TryAgainError"):
            await store.commit(ONE)
        for key in old.ask("CLUSTER", "GETKEYSINSLOT", slot, "100").split("\n"):
            old.ask("MIGRATE", "127.0.0.1", str(new.port), key, "0", "5000")
        for node in (new, old, *nodes.primaries):
            node.ask("CLUSTER", "SETSLOT", slot, "NODE", new.ask("CLUSTER", "MYID"))
        await taken(store)
        assert await store.counters() == {"received": 2}
        assert nodes.owner(ALERTS) is new


async def test_scripts_are_loaded_again_on_whichever_node_has_lost_them(nodes: Cluster) -> None:
    async with connected(nodes.url, copies=0) as (client, store):
        await empty(client)
        await taken(store)
        for node in nodes.primaries:
            node.ask("SCRIPT", "FLUSH")
        await store.commit(ONE)
        assert await store.counters() == {"received": 2}


async def test_a_cluster_without_slots_makes_the_store_unavailable(server: Callable[..., Server]) -> None:
    lonely = server("--cluster-enabled", "yes")
    async with connected(f"redis+cluster://{lonely.place}") as (_, store):
        with pytest.raises(StateUnavailable, match="no node of the cluster has the slot"):
            await store.commit(ONE)


async def test_a_server_that_is_no_cluster_makes_the_store_unavailable(server: Callable[..., Server]) -> None:
    async with connected(f"redis+cluster://{server().place}") as (_, store):
        with pytest.raises(StateUnavailable, match="it is no cluster"):
            await store.commit(ONE)
