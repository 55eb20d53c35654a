"""A server that cannot take anything is left, and its reason said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from gateway.errors import StateUnavailable
from tests.support.connected import ONE, connected, read
from tests.support.patience import PATIENCE
from tests.support.replicated import Server, until


async def test_a_demoted_primary_is_unavailable_and_left(server: Callable[..., Server]) -> None:
    one = server()
    async with connected(f"redis://{one.place}") as (_, store):
        await store.commit(ONE)
        one.ask("REPLICAOF", "127.0.0.1", "1")
        with pytest.raises(StateUnavailable, match="ReadOnlyError"):
            await store.commit(ONE)
        await asyncio.sleep(0)  # nobody waits until they are closed
        assert one.ask("CLIENT", "LIST", "TYPE", "NORMAL").count("id=") == 1, (
            "no connection but the one that asks this"
        )
        one.ask("CONFIG", "SET", "replica-serve-stale-data", "no")
        with pytest.raises(StateUnavailable, match="MasterDownError"):
            await read(store)
        one.ask("REPLICAOF", "NO", "ONE")
        assert await read(store) == b"one"


async def test_a_primary_without_the_replicas_it_demands_is_unavailable(
    server: Callable[..., Server],
) -> None:
    async with connected(f"redis://{server('--min-replicas-to-write', '1').place}") as (_, store):
        with pytest.raises(StateUnavailable, match="NOREPLICAS"):
            await store.commit(ONE)


async def test_a_server_that_still_loads_its_file_is_unavailable(server: Callable[..., Server]) -> None:
    one = server("--key-load-delay", "5000", "--loading-process-events-interval-bytes", "1024")
    async with connected(f"redis://{one.place}") as (_, store):
        await store.commit(ONE)
        one.ask("EVAL", "for i = 1, 200 do redis.call('SET', 'k' .. i, string.rep('x', 400)) end", "0")
        one.ask("BGREWRITEAOF")
        await asyncio.to_thread(
            until, lambda: "aof_rewrite_in_progress:0" in one.ask("INFO", "persistence"), "rewritten"
        )
        one.kill()
        one.start()
        said = set()
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    await store.commit(ONE)
                    break
                except StateUnavailable as error:
                    said.add(str(error))
        assert "the store did not answer: it still reads its data (LOADING)" in said
        assert await store.counters() == {"received": 2}
