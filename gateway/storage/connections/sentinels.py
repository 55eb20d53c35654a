"""The server that Sentinels call primary. They are asked when a connection is made, and again every second.

redis-py asks only when a connection breaks, which is too late. After a failover the former primary, if it
lives, is not told for ten seconds that it is a replica now: it takes what it is sent, and forgets it when it
is told. https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from redis.asyncio import Redis
from redis.asyncio.sentinel import SentinelConnectionPool
from redis.exceptions import RedisError

from gateway.storage.connections.server import Command, Server

LOOK_SECONDS = 1.0  # between two questions to the Sentinels


class NamedBySentinels:
    """The primary behind `pool`, which asks `sentinels` for it.

    The clients of these are closed together with the pool.
    """

    def __init__(self, pool: SentinelConnectionPool, sentinels: Sequence[Redis]) -> None:
        self._pool = pool
        self._server = Server(Redis.from_pool(pool))
        self._sentinels = sentinels
        self._named: object = None
        self._next_look = 0.0
        self._looking: asyncio.Task[None] | None = None

    # All keys live here.
    async def send(self, key: str, commands: Sequence[Command]) -> list[Any]:  # noqa: ARG002
        now = asyncio.get_running_loop().time()
        if now >= self._next_look and (self._looking is None or self._looking.done()):
            self._next_look = now + LOOK_SECONDS
            # Nobody waits for a Sentinel that does not answer.
            self._looking = asyncio.create_task(self._look())
        return await self._server.send(commands)

    async def primaries(self) -> list[tuple[str, Server]]:
        return [("", self._server)]

    def doubt(self, key: str) -> None:  # noqa: ARG002
        self._next_look = 0.0

    async def aclose(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])
        await self._server.aclose()
        for sentinel in self._sentinels:
            await sentinel.aclose()

    async def _look(self) -> None:
        """Leave the connections to the former primary where the Sentinels name another one."""
        with suppress(RedisError, OSError):  # Sentinels that do not answer say nothing of the primary
            named = await self._pool.get_master_address()  # type: ignore[no-untyped-call]
            if self._named not in (None, named):
                await self._pool.update_active_connections_for_reconnect()  # type: ignore[no-untyped-call]
                await self._server.leave()
            self._named = named
