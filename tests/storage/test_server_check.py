"""What is said of servers that state is kept on."""

from __future__ import annotations

from collections.abc import Callable

from gateway.storage.server_check import ServerCheck, examine
from tests.support.connected import connected
from tests.support.replicated import Cluster, SentinelGroup, Server
from tests.support.servers import redis_server


async def examined(url: str, copies: int = 0) -> ServerCheck:
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
    assert any("set GATEWAY_REDIS_WAIT" in problem for problem in found.problems)
    assert any("min-replicas-to-write is 0" in problem for problem in found.problems)
    assert (await examined(group.url, copies=2)).problems == ()
    assert "3 and 2 replicas are connected" in (await examined(group.url, copies=3)).problems[0]


async def test_servers_that_are_asked_in_the_wrong_way_are_named(
    nodes: Cluster, group: SentinelGroup, server: Callable[..., Server]
) -> None:
    assert "write redis+cluster://" in (await examined(f"redis://{nodes.servers[0].place}")).unusable
    assert "write redis+sentinel://" in (await examined(f"redis://{group.sentinels[0].place}")).unusable
    replica = next(node for node in group.servers if node is not group.primary)
    assert "it is a replica and takes nothing" in (await examined(f"redis://{replica.place}")).problems[-1]
    managed = server("--rename-command", "CONFIG", "")
    assert "CONFIG is forbidden" in (await examined(f"redis://{managed.place}")).problems[0]


async def test_a_server_that_forgets_or_evicts_is_reported() -> None:
    with redis_server("redis", "--appendonly", "yes", "--maxmemory-policy", "noeviction") as url:
        assert await problems(url) == ""
    with redis_server("redis", "--maxmemory-policy", "allkeys-lru") as url:
        found = await problems(url)
        assert "set noeviction" in found
        assert "set appendonly yes" in found


async def problems(url: str) -> str:
    return " ".join((await examined(url)).problems)
