"""Who is asked, and how: commands in one go over one connection to the primary of a key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as BrokenConnection
from redis.exceptions import MasterDownError, ReadOnlyError
from redis.exceptions import TimeoutError as NoAnswer

Command = tuple[Any, ...]

# What one connection met, the idle ones to the same server would meet too, each after its own time-out.
OF_THE_SERVER = (BrokenConnection, NoAnswer, ReadOnlyError, MasterDownError)


class Servers(Protocol):
    """The servers of a store. Each method raises what redis-py raises."""

    async def send(self, key: str, commands: Sequence[Command]) -> list[Any]:
        """The answers to commands that are sent together to the primary of `key`."""
        ...

    async def primaries(self) -> list[tuple[str, Redis]]:
        """Each with a name for people, which is no address."""
        ...

    def doubt(self, key: str) -> None:
        """Its primary may be none any more: look before the next question."""
        ...

    async def aclose(self) -> None: ...


class OneServer:
    """One server, whoever it is."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def send(self, key: str, commands: Sequence[Command]) -> list[Any]:  # noqa: ARG002 - all keys live here
        return await send(self._redis, commands)

    async def primaries(self) -> list[tuple[str, Redis]]:
        return [("", self._redis)]

    def doubt(self, key: str) -> None:
        """There is no other."""

    async def aclose(self) -> None:
        await self._redis.aclose()


async def send(redis: Redis, commands: Sequence[Command]) -> list[Any]:
    """Over one connection, once. Raises the first error among the answers."""
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
        await redis.connection_pool.disconnect(inuse_connections=False)
        raise
    return list(answers)
