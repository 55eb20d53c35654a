"""The servers of a store, as the client sees them, and how commands are sent to one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as BrokenConnection
from redis.exceptions import MasterDownError, ReadOnlyError
from redis.exceptions import TimeoutError as NoAnswer

Command = tuple[Any, ...]

# Errors of the server as a whole. The idle connections to it would meet the same, each after its own
# time-out.
OF_THE_SERVER = (BrokenConnection, NoAnswer, ReadOnlyError, MasterDownError)


class Servers(Protocol):
    """The servers of a store. Each method raises what redis-py raises."""

    async def send(self, key: str, commands: Sequence[Command]) -> list[Any]:
        """Send commands together to the primary of `key`, and return their answers."""
        ...

    async def primaries(self) -> list[tuple[str, Redis]]:
        """Return the clients of all primaries, each with a name for people that is no address."""
        ...

    def doubt(self, key: str) -> None:
        """Look for the primary of `key` before the next command: the one known may be a replica by now."""
        ...

    async def aclose(self) -> None: ...


class OneServer:
    """One server, by its address."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    # All keys live here.
    async def send(self, key: str, commands: Sequence[Command]) -> list[Any]:  # noqa: ARG002
        return await send(self._redis, commands)

    async def primaries(self) -> list[tuple[str, Redis]]:
        return [("", self._redis)]

    def doubt(self, key: str) -> None:
        """Do nothing: there is no other server to look for."""

    async def aclose(self) -> None:
        await self._redis.aclose()


async def send(redis: Redis, commands: Sequence[Command]) -> list[Any]:
    """Send commands over one connection, once. Raises the first error among the answers."""
    try:
        if len(commands) == 1:
            return [await redis.execute_command(*commands[0])]  # type: ignore[no-untyped-call]
        async with redis.pipeline(transaction=False) as together:
            for command in commands:
                together.execute_command(*command)
            answers = await together.execute(raise_on_error=False)
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
    except OF_THE_SERVER:
        # The next command makes a connection of its own, to whoever is the primary then.
        await leave_idle(redis)
        raise
    return list(answers)


async def leave_idle(redis: Redis) -> None:
    """Close the idle connections to a server, and do not wait until they are closed.

    All who wait for one connection to close wait for the same future of asyncio.
    Whoever gives up, or is cancelled, cancels it, and with it all the others, who
    would end as if the gateway were told to stop. The pool's own `disconnect` waits.
    """
    for connection in tuple(redis.connection_pool._available_connections):
        await connection.disconnect(nowait=True)
