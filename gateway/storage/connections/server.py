"""One server of a store, and the two ways to send it commands.

A script alone goes by a connection that all share: every webhook and every plan is such scripts, and by
redis-py each costs the gateway three times as much CPU (docs/adr/0036). All else goes by redis-py over a
connection of its own, also a commit with its `WAIT`, which holds up whatever is behind it on its
connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextvars import Context
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as BrokenConnection
from redis.exceptions import MasterDownError, ReadOnlyError
from redis.exceptions import TimeoutError as NoAnswer

from gateway.storage.connections.redis_connections import Opened
from gateway.storage.connections.shared import SharedConnection

Command = tuple[Any, ...]

# Errors of the server as a whole. The idle connections to it would meet the same, each after its own
# time-out.
OF_THE_SERVER = (BrokenConnection, NoAnswer, ReadOnlyError, MasterDownError)
SCRIPTS = ("EVALSHA", "EVAL")


class Server:
    """One server, by its connections: `redis` opens them all. Each method raises what redis-py raises."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._shared: SharedConnection | None = None
        self._opening: asyncio.Task[SharedConnection] | None = None
        self._times_left = 0

    async def send(self, commands: Sequence[Command]) -> list[Any]:
        """Send commands over one connection, once. Raises the first error among the answers."""
        asked: SharedConnection | None = None
        try:
            if len(commands) > 1:
                return await self._send_together(commands)
            (command,) = commands
            if command[0] not in SCRIPTS:
                return [await self._redis.execute_command(*command)]  # type: ignore[no-untyped-call]
            asked = self._shared
            if asked is None or not asked.open:
                asked = await self._open_shared()
            return [await asked.ask(command)]
        except OF_THE_SERVER:
            # What was left before fails later; the connection since is another server's, or is in order.
            if asked is None or asked is self._shared:
                # The next command makes a connection of its own, to whoever is the primary then.
                await self.leave()
            raise

    async def leave(self) -> None:
        """Leave the connections to a server, and do not wait until they are closed.

        What was asked over the shared one is still answered by it.

        All who wait for one connection of redis-py to close wait for the same future of asyncio.
        Whoever gives up, or is cancelled, cancels it, and with it all the others, who
        would end as if the gateway were told to stop. The pool's own `disconnect` waits.
        """
        self._times_left += 1
        if self._shared is not None:
            self._shared.retire()
        for connection in tuple(self._redis.connection_pool._available_connections):
            await connection.disconnect(nowait=True)

    async def aclose(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])
        if self._shared is not None:
            await self._shared.aclose()
        await self._redis.aclose()

    async def _send_together(self, commands: Sequence[Command]) -> list[Any]:
        async with self._redis.pipeline(transaction=False) as together:
            for command in commands:
                together.execute_command(*command)
            answers = await together.execute(raise_on_error=False)
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return list(answers)

    async def _open_shared(self) -> SharedConnection:
        """Open the shared connection once for all who need it. Whoever gives up takes it from nobody else."""
        if self._opening is None or self._opening.done():
            # It is for whoever waits, so it belongs to no webhook, nor to its log lines or trace.
            self._opening = asyncio.create_task(self._opened(), context=Context())
            self._opening.add_done_callback(_retrieved)
        return await asyncio.shield(self._opening)

    async def _opened(self) -> SharedConnection:
        while True:
            times_left = self._times_left
            try:
                self._shared = await self._connected()
            except asyncio.CancelledError:
                # Whoever waits for it is not cancelled: the client is closed.
                raise BrokenConnection("the client was closed") from None
            if times_left == self._times_left:
                return self._shared
            # The server was left while it was being connected to: another one may be the primary now.
            self._shared.retire()

    async def _connected(self) -> SharedConnection:
        opened = self._redis.connection_pool.make_connection()  # type: ignore[no-untyped-call]
        assert isinstance(opened, Opened)
        await opened.connect()  # type: ignore[no-untyped-call]
        assert opened.socket_timeout is not None
        return SharedConnection(opened, opened.socket_timeout)


def _retrieved(opening: asyncio.Task[SharedConnection]) -> None:
    """Note that an error was seen, also where all who have waited for the connection have given up."""
    if not opening.cancelled():
        opening.exception()
