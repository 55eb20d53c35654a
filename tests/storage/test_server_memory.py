"""How full the servers of a store are, as they say it themselves."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.storage.server_memory import read_memory
from tests.support.connected import connected, empty
from tests.support.replicated import Cluster, Server
from tests.support.servers import redis_server


@pytest.mark.parametrize("which", ["valkey", "redis"])
async def test_use_and_limit_are_those_of_the_server(which: str) -> None:
    with redis_server(which, "--maxmemory", str(32 << 20)) as url:
        async with connected(url) as (client, _):
            before = await read_memory(client)
            await client.ask("SET", "ballast", b"x" * (8 << 20))
            after = await read_memory(client)
    assert before is not None
    assert after is not None
    assert before.limit == after.limit == 32 << 20
    assert after.used - before.used >= 8 << 20
    assert after.share > 0.25


async def test_a_server_without_a_limit_is_never_said_to_fill_up() -> None:
    with redis_server("redis") as url:
        async with connected(url) as (client, _):
            memory = await read_memory(client)
    assert memory is not None
    assert memory.used > 0
    assert memory.limit is None
    assert not memory.is_filling


async def test_of_a_cluster_the_fullest_primary_counts(nodes: Cluster) -> None:
    nodes.primaries[1].ask("CONFIG", "SET", "maxmemory", str(4 << 20))
    try:
        async with connected(nodes.url) as (client, _):
            memory = await read_memory(client)
            await empty(client)
    finally:
        nodes.primaries[1].ask("CONFIG", "SET", "maxmemory", "0")
    assert memory is not None
    assert memory.limit == 4 << 20


async def test_a_server_that_does_not_say_it_is_unknown(server: Callable[..., Server]) -> None:
    managed = server("--rename-command", "INFO", "")
    async with connected(f"redis://{managed.place}") as (client, _):
        assert await read_memory(client) is None
