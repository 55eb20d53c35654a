"""Servers under Sentinels and in a cluster: who is asked, what is never repeated, and what counts as taken."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.errors import StateUnavailable
from gateway.model.changes import Cell, Changes, Query, Table
from gateway.storage.connections import Client, connect
from gateway.storage.redis import RedisStore
from gateway.storage.server_check import Examined, examine
from tests.support.replicated import MASTER, Cluster, SentinelGroup, Server, cluster, sentinel_group, until

ALERT = Cell(Table.ALERTS, "a1")
ALERTS, COUNTERS = "{gw:0}:alerts", "{gw:0}:counters"
ONE = Changes(put={ALERT: b"one"}, count={"received": 1})


@pytest.fixture(scope="module")
def group() -> Iterator[SentinelGroup]:
    with sentinel_group() as made:
        yield made


@pytest.fixture(scope="module")
def nodes() -> Iterator[Cluster]:
    with cluster() as made:
        yield made


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts servers alone, each with the options given."""
    started: list[Server] = []

    def start(*options: str) -> Server:
        one = Server(tmp_path, *options)
        started.append(one)
        one.start()
        one.ready()
        return one

    yield start
    for one in started:
        one.kill()


@asynccontextmanager
async def connected(url: str, copies: int = 0, patience: float = 2.0) -> AsyncIterator[tuple[Client, RedisStore]]:
    client = connect(url, copies=copies, patience=patience)
    try:
        yield client, RedisStore(client)
    finally:
        await client.aclose()


async def empty(client: Client) -> None:
    await client.ask_each("FLUSHALL")


async def read(store: RedisStore) -> bytes:
    return (await store.gather(Query(cells=[ALERT]))).rows[ALERT].value


async def taken(store: RedisStore, changes: Changes = ONE) -> None:
    """As Alertmanager does: again until it is taken."""
    async with asyncio.timeout(20):
        while True:
            with contextlib.suppress(StateUnavailable):
                await store.commit(changes)
                return
            await asyncio.sleep(0.05)


# Sentinel


async def test_after_a_failover_the_next_commit_goes_to_the_new_primary(group: SentinelGroup) -> None:
    async with connected(group.url, copies=1) as (client, store):
        await empty(client)
        await taken(store)
        former = group.primary
        group.sentinels[0].ask("SENTINEL", "FAILOVER", MASTER)
        await asyncio.to_thread(group.failed_over, former)
        await taken(store, Changes(put={ALERT: b"two"}))
        assert await read(store) == b"two"
        assert "two" in group.primary.ask("HGET", ALERTS, "a1")


async def test_passwords_of_servers_and_of_sentinels_are_given(tmp_path: Path) -> None:
    made = SentinelGroup(tmp_path, ("open", "sesame"))
    try:
        made.start()
        url = made.url.replace("://", "://:open@")
        async with connected(f"{url}?sentinel_password=sesame") as (_, store):
            await taken(store)
        for wrong in (f"{url}?sentinel_password=no", made.url + "?sentinel_password=sesame"):
            async with connected(wrong) as (_, store):
                with pytest.raises(StateUnavailable) as caught:
                    await store.commit(ONE)
            assert "open" not in str(caught.value)
            assert "127.0.0.1" not in str(caught.value)
    finally:
        made.kill()


async def test_sentinels_that_know_no_such_primary_make_the_store_unavailable(group: SentinelGroup) -> None:
    async with connected(group.url.replace(f"/{MASTER}", "/other")) as (_, store):
        with pytest.raises(StateUnavailable, match="MasterNotFoundError"):
            await store.commit(ONE)


# Cluster


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


async def test_while_a_slot_moves_to_a_new_node_nothing_is_done_twice_and_nothing_crashes(alone: Cluster) -> None:
    """A script over many keys is refused with TRYAGAIN until all have moved; a question about one key is redirected by ASK."""
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
        for one in (new, old, *nodes.primaries):
            one.ask("CLUSTER", "SETSLOT", slot, "NODE", new.ask("CLUSTER", "MYID"))
        await taken(store)
        assert await store.counters() == {"received": 2}
        assert nodes.owner(ALERTS) is new


async def test_scripts_are_loaded_again_on_whichever_node_has_lost_them(nodes: Cluster) -> None:
    async with connected(nodes.url, copies=0) as (client, store):
        await empty(client)
        await taken(store)
        for one in nodes.primaries:
            one.ask("SCRIPT", "FLUSH")
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


# Any server


async def test_a_commit_that_was_not_answered_in_time_is_not_repeated(server: Callable[..., Server]) -> None:
    one = server()
    async with connected(f"redis://{one.place}", patience=0.3) as (_, store):
        await store.commit(ONE)
        one.freeze()
        with pytest.raises(StateUnavailable, match="TimeoutError"):
            await store.commit(ONE)
        one.thaw()
        await asyncio.sleep(0.5)
        assert await store.counters() == {"received": 2}, "what was sent before the server froze is done once"


async def test_a_demoted_primary_is_unavailable_and_left(server: Callable[..., Server]) -> None:
    one = server()
    async with connected(f"redis://{one.place}") as (_, store):
        await store.commit(ONE)
        one.ask("REPLICAOF", "127.0.0.1", "1")
        with pytest.raises(StateUnavailable, match="ReadOnlyError"):
            await store.commit(ONE)
        assert one.ask("CLIENT", "LIST", "TYPE", "NORMAL").count("id=") == 1, "no connection but the one that asks this"
        one.ask("CONFIG", "SET", "replica-serve-stale-data", "no")
        with pytest.raises(StateUnavailable, match="MasterDownError"):
            await read(store)
        one.ask("REPLICAOF", "NO", "ONE")
        assert await read(store) == b"one"


async def test_a_primary_without_the_replicas_it_demands_is_unavailable(server: Callable[..., Server]) -> None:
    async with connected(f"redis://{server('--min-replicas-to-write', '1').place}") as (_, store):
        with pytest.raises(StateUnavailable, match="NOREPLICAS"):
            await store.commit(ONE)


async def test_a_server_that_still_loads_its_file_is_unavailable(server: Callable[..., Server]) -> None:
    one = server("--key-load-delay", "5000", "--loading-process-events-interval-bytes", "1024")
    async with connected(f"redis://{one.place}") as (_, store):
        await store.commit(ONE)
        one.ask("EVAL", "for i = 1, 200 do redis.call('SET', 'k' .. i, string.rep('x', 400)) end", "0")
        one.ask("BGREWRITEAOF")
        await asyncio.to_thread(until, lambda: "aof_rewrite_in_progress:0" in one.ask("INFO", "persistence"), "rewritten")
        one.kill()
        one.start()
        said = set()
        async with asyncio.timeout(20):
            while True:
                try:
                    await store.commit(ONE)
                    break
                except StateUnavailable as error:
                    said.add(str(error))
        assert "the store did not answer: BusyLoadingError" in said
        assert await store.counters() == {"received": 2}


# What counts as taken


async def test_a_commit_that_too_few_replicas_have_does_not_count_and_may_be_sent_again(group: SentinelGroup) -> None:
    async with connected(group.url, copies=2) as (client, store):
        await empty(client)
        await taken(store)
        replica = next(one for one in group.servers if one is not group.primary)
        replica.freeze()
        try:
            with pytest.raises(StateUnavailable, match="1 of 2 replicas have it"):
                await store.commit(ONE)
        finally:
            replica.thaw()
        await taken(store)
        assert await store.counters() == {"received": 3}, "it was done, and counts as a repeat when it comes again"


async def test_replicas_of_a_clusters_primary_are_waited_for(nodes: Cluster) -> None:
    async with connected(nodes.url, copies=1) as (client, store):
        await empty(client)
        await taken(store)
    async with connected(nodes.url, copies=2) as (_, store):
        with pytest.raises(StateUnavailable, match="of 2 replicas"):
            await store.commit(ONE)


# What is said of the servers


async def examined(url: str, copies: int = 0) -> Examined:
    async with connected(url, copies) as (client, _):
        return await examine(client)


async def test_each_primary_of_a_cluster_is_described(nodes: Cluster) -> None:
    nodes.primaries[0].ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    found = await examined(nodes.url, copies=1)
    nodes.primaries[0].ask("CONFIG", "SET", "maxmemory-policy", "noeviction")
    assert len(found.found) == 3
    assert all(line.startswith("primary of slots ") and "Redis 7.0" in line for line in found.found)
    assert [line.partition(": ")[2][:32] for line in found.problems if "eviction" in line] == [
        "maxmemory-policy is allkeys-lru:"
    ]


async def test_asynchronous_replication_is_warned_of(group: SentinelGroup) -> None:
    found = await examined(group.url)
    assert found.found[0].startswith("a primary named by Sentinels: Redis 7.0.")
    assert "2 replicas, append-only file, appendfsync always, noeviction" in found.found[0]
    assert any("set GATEWAY_REDIS_WAIT" in one for one in found.problems)
    assert any("min-replicas-to-write is 0" in one for one in found.problems)
    assert (await examined(group.url, copies=2)).problems == ()
    assert "3 and 2 replicas are connected" in (await examined(group.url, copies=3)).problems[0]


async def test_servers_that_are_asked_in_the_wrong_way_are_named(
    nodes: Cluster, group: SentinelGroup, server: Callable[..., Server]
) -> None:
    assert "write redis+cluster://" in (await examined(f"redis://{nodes.servers[0].place}")).unusable
    assert "write redis+sentinel://" in (await examined(f"redis://{group.sentinels[0].place}")).unusable
    replica = next(one for one in group.servers if one is not group.primary)
    assert "it is a replica and takes nothing" in (await examined(f"redis://{replica.place}")).problems[-1]
    managed = server("--rename-command", "CONFIG", "")
    assert "CONFIG is forbidden" in (await examined(f"redis://{managed.place}")).problems[0]
