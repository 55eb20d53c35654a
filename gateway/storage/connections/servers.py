"""The servers of a store, as the client sees them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from gateway.storage.connections.server import Command, Server


class Servers(Protocol):
    """The servers of a store. Each method raises what redis-py raises."""

    async def send(self, key: str, commands: Sequence[Command]) -> list[Any]:
        """Send commands together to the primary of `key`, and return their answers."""
        ...

    async def primaries(self) -> list[tuple[str, Server]]:
        """Return all primaries, each with a name for people that is no address."""
        ...

    def doubt(self, key: str) -> None:
        """Look for the primary of `key` before the next command: the one known may be a replica by now."""
        ...

    async def aclose(self) -> None: ...


class OneServer:
    """One server, by its address."""

    def __init__(self, server: Server) -> None:
        self._server = server

    # All keys live here.
    async def send(self, key: str, commands: Sequence[Command]) -> list[Any]:  # noqa: ARG002
        return await self._server.send(commands)

    async def primaries(self) -> list[tuple[str, Server]]:
        return [("", self._server)]

    def doubt(self, key: str) -> None:
        """Do nothing: there is no other server to look for."""

    async def aclose(self) -> None:
        await self._server.aclose()
