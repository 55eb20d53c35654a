"""The client of a store: it asks by key, runs scripts, and counts a commit once enough replicas have it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha1
from typing import Any

import structlog
from redis.exceptions import NoScriptError, OutOfMemoryError, RedisError, ResponseError

from gateway.errors import StateFull, StateLost, StateUnavailable, StateUnusable
from gateway.storage.connections.addresses import Kind
from gateway.storage.connections.reasons import hopeless, reason_of
from gateway.storage.connections.server import Command, Server
from gateway.storage.connections.servers import Servers

log = structlog.get_logger("gateway.store")

Heard = Callable[[str], None]

LOST = "STORELOST"  # how scripts begin their refusal of a caller that knew another store (include/clock.lua)
REPLICAS_WAIT_MS = 1_000  # for replicas to have a commit: well below the time in which the server must answer


def _nobody_minds(_kind: str) -> None:
    """Do nothing: a program that only reads once needs no word of it."""


@dataclass(frozen=True)
class Script:
    """A Lua script, which the server knows by its hash once it has run it."""

    text: bytes

    @cached_property
    def sha(self) -> str:
        return sha1(self.text, usedforsecurity=False).hexdigest()


class Client:
    """A client of a store's servers, made by `connect`.

    Every method raises `StateUnavailable`; none repeats what may have been done. `heard` is called after each
    command with why it was not answered, an empty text if it was.
    """

    def __init__(self, kind: Kind, servers: Servers, copies: int, heard: Heard) -> None:
        self.kind = kind
        self.copies = copies
        self._servers = servers
        self._heard = heard
        self.failed: Callable[[str], None] = _nobody_minds  # called with the kind of each failure

    async def ask(self, command: str, key: str, *args: Any) -> Any:
        with self._answered():
            return (await self._servers.send(key, [(command, key, *args)]))[0]

    async def run(self, script: Script, keys: Sequence[str], *args: Any, lasting: bool = False) -> Any:
        """Run a script on keys of one shard.

        With `lasting`, what it wrote counts only where `copies` replicas have it.
        """
        # https://redis.io/docs/latest/commands/wait/
        wait: list[Command] = [("WAIT", self.copies, REPLICAS_WAIT_MS)] if lasting and self.copies else []
        rest = (len(keys), *keys, *args)
        with self._answered():
            try:
                answers = await self._servers.send(keys[0], [("EVALSHA", script.sha, *rest), *wait])
            except NoScriptError:
                # The server does not know the script since its restart, so nothing was done yet.
                answers = await self._servers.send(keys[0], [("EVAL", script.text, *rest), *wait])
        if wait and answers[1] < self.copies:
            # It was done, and a failover may lose it. The sender sends it again, which counts as a repeat.
            self._servers.doubt(keys[0])
            having = f"{answers[1]} of {self.copies} replicas have it"
            raise StateUnavailable(f"{having}: is one away, or too slow?")
        return answers[0]

    async def ask_each(self, *command: Any) -> list[tuple[str, Any]]:
        """Ask every primary the same. Return names for people and answers, None where one refuses."""
        with self._answered():
            primaries = await self._servers.primaries()
            return [(name, await _allowed(server, command)) for name, server in primaries]

    async def aclose(self) -> None:
        with suppress(RedisError, OSError):  # a server that breaks the connection first is no trouble
            await self._servers.aclose()

    @contextmanager
    def _answered(self) -> Iterator[None]:
        """Count and log every failure here alone: whoever catches one only decides what to do about it."""
        try:
            with self._translated():
                yield
        except StateUnavailable as error:
            self.failed(error.kind)
            log.debug("store_call_failed", kind=error.kind, error=str(error))
            raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except OutOfMemoryError as error:
            raise StateFull("the store is full (maxmemory reached): give it more memory") from error
        except StateUnavailable as error:
            self._heard(str(error))
            raise
        except ResponseError as error:
            if LOST not in str(error):
                raise self._away(error) from error
            self._heard("")  # it answers
            raise StateLost("the store was emptied: the gateway begins anew") from error
        except (RedisError, OSError) as error:
            raise self._away(error) from error
        else:
            self._heard("")

    def _away(self, error: RedisError | OSError) -> StateUnavailable:
        self._heard(reason_of(error))
        if wrong := hopeless(error):
            return StateUnusable(wrong)
        return StateUnavailable(f"the store did not answer: {reason_of(error)}")


async def _allowed(server: Server, command: Command) -> Any:
    try:
        return (await server.send([command]))[0]
    except ResponseError:
        return None
