"""The server that Sentinels call primary. They are asked when a connection is made, and again every second.

Asking only when a connection breaks, as redis-py does, is too late: for ten seconds after a failover the former primary, if it
lives, is not told that it is one no more, takes what it is sent, and forgets it when it is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.sentinel import SentinelConnectionPool
from redis.exceptions import RedisError

from gateway.storage.connections.servers import Command, send

AGAIN = 1.0  # seconds


class NamedBySentinels:
    """`pool` connects to the primary by asking `sentinels`, which are closed with it."""

    def __init__(self, pool: SentinelConnectionPool, sentinels: Sequence[Redis]) -> None:
        self._pool = pool
        self._redis = Redis.from_pool(pool)
        self._sentinels = sentinels
        self._named: object = None
        self._next_look = 0.0
        self._looking: asyncio.Task[None] | None = None

    async def send(self, key: str, commands: Sequence[Command]) -> list[Any]:  # noqa: ARG002 - all keys live here
        now = asyncio.get_running_loop().time()
        if now >= self._next_look and (self._looking is None or self._looking.done()):
            self._next_look = now + AGAIN
            self._looking = asyncio.create_task(self._look())  # nobody waits for a Sentinel that does not answer
        return await send(self._redis, commands)

    async def primaries(self) -> list[tuple[str, Redis]]:
        return [("", self._redis)]

    def doubt(self, key: str) -> None:  # noqa: ARG002
        self._next_look = 0.0

    async def aclose(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])
        for one in (self._redis, *self._sentinels):
            await one.aclose()

    async def _look(self) -> None:
        """Sentinels that do not answer say nothing of the primary, and are passed over."""
        with suppress(RedisError, OSError):
            named = await self._pool.get_master_address()  # type: ignore[no-untyped-call]
            if self._named not in (None, named):
                await self._pool.update_active_connections_for_reconnect()  # type: ignore[no-untyped-call]
                await self._pool.disconnect(inuse_connections=False)
            self._named = named
