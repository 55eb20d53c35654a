"""A store on servers of a test: connected, emptied, written to and read."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.errors import StateUnavailable
from gateway.model.changes import Cell, Changes, Query, Table
from gateway.storage.connections import Client, connect
from gateway.storage.redis import RedisStore
from tests.support.patience import PATIENCE

ALERT = Cell(Table.ALERTS, "a1")
ALERTS, COUNTERS = "{gw:0}:alerts", "{gw:0}:counters"
ONE = Changes(put={ALERT: b"one"}, count={"received": 1})


@asynccontextmanager
async def connected(
    url: str, copies: int = 0, patience: float = 2.0
) -> AsyncIterator[tuple[Client, RedisStore]]:
    client = connect(url, copies=copies, patience=patience)
    try:
        yield client, RedisStore(client)
    finally:
        await client.aclose()


def patient(url: str) -> Client:
    """A client that waits for a server as long as tests wait for anything."""
    return connect(url, patience=PATIENCE)


async def empty(client: Client) -> None:
    await client.ask_each("FLUSHALL")


async def read(store: RedisStore) -> bytes:
    return (await store.gather(Query(cells=[ALERT]))).rows[ALERT].value


async def taken(store: RedisStore, changes: Changes = ONE) -> None:
    """As Alertmanager does: again until it is taken."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(StateUnavailable):
                await store.commit(changes)
                return
            await asyncio.sleep(0.05)
