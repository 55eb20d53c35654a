"""The client that the store uses: asks by key, runs scripts, and counts a commit only where enough replicas have it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha1
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, OutOfMemoryError, RedisError, ResponseError

from gateway.errors import StateFull, StateUnavailable
from gateway.storage.connections.addresses import Kind
from gateway.storage.connections.servers import Command, Servers, send

WAIT = 1_000  # ms for replicas to have a commit: well below the time in which the server must answer


@dataclass(frozen=True)
class Script:
    text: bytes

    @cached_property
    def sha(self) -> str:
        return sha1(self.text, usedforsecurity=False).hexdigest()


class Client:
    """Made by `connect`. Every method raises `StateUnavailable`; none repeats what may have been done."""

    def __init__(self, kind: Kind, servers: Servers, copies: int) -> None:
        self.kind = kind
        self.copies = copies
        self._servers = servers

    async def ask(self, command: str, key: str, *args: Any) -> Any:
        with _answered():
            return (await self._servers.send(key, [(command, key, *args)]))[0]

    async def run(self, script: Script, keys: Sequence[str], *args: Any, lasting: bool = False) -> Any:
        """`keys` all live in one shard. `lasting`: what it wrote counts only where `copies` replicas have it."""
        wait: list[Command] = [("WAIT", self.copies, WAIT)] if lasting and self.copies else []
        with _answered():
            try:
                answers = await self._servers.send(keys[0], [("EVALSHA", script.sha, len(keys), *keys, *args), *wait])
            except NoScriptError:
                answers = await self._servers.send(keys[0], [("EVAL", script.text, len(keys), *keys, *args), *wait])
        if wait and answers[1] < self.copies:
            self._servers.doubt(keys[0])
            raise StateUnavailable(f"{answers[1]} of {self.copies} replicas have it: is one away, or too slow?")
        return answers[0]

    async def ask_each(self, *command: Any) -> list[tuple[str, Any]]:
        """The same of every primary, each with a name for people; None where it refuses to say."""
        with _answered():
            return [(name, await _allowed(server, command)) for name, server in await self._servers.primaries()]

    async def aclose(self) -> None:
        """A server that breaks the connection first is no trouble."""
        with suppress(RedisError, OSError):
            await self._servers.aclose()


async def _allowed(server: Redis, command: Command) -> Any:
    try:
        return (await send(server, [command]))[0]
    except ResponseError:
        return None


@contextmanager
def _answered() -> Iterator[None]:
    try:
        yield
    except OutOfMemoryError as error:
        raise StateFull("the store is full (maxmemory reached): give it more memory") from error
    except (RedisError, OSError) as error:
        raise StateUnavailable(f"the store did not answer: {_named(error)}") from error


def _named(error: Exception) -> str:
    """The server's own word, such as NOREPLICAS, or the kind of error: the rest may hold an address or what was sent."""
    word = str(error).partition(" ")[0]
    return word if word.isalpha() and word.isupper() else type(error).__name__
