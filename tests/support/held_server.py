"""A server that says who it is at once, and answers scripts when the test lets it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from hiredis import Reader

from tests.support.patience import PATIENCE

SCRIPTS = (b"EVAL", b"EVALSHA")


class HeldConnection:
    """One connection: the scripts that were asked over it, each with the last of its arguments."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.asked: list[bytes] = []
        self._writer = writer

    def answer(self, *raw: bytes) -> None:
        """Send answers as they are on the wire."""
        self._writer.writelines(raw)

    def echo(self, *arguments: bytes) -> None:
        """Answer scripts with what they were given, in this order."""
        self.answer(*(b"$%d\r\n%s\r\n" % (len(argument), argument) for argument in arguments))

    def close(self) -> None:
        self._writer.close()


class HeldServer:
    """`let_in` is set while whoever connects is answered."""

    def __init__(self, path: Path) -> None:
        self.url = f"unix://{path}"
        self.connections: list[HeldConnection] = []
        self.let_in = asyncio.Event()
        self.let_in.set()
        self._changed = asyncio.Condition()

    async def has(self, connections: int, asked: int = 0) -> HeldConnection:
        """Wait for that many connections, and for scripts asked over the last of them."""
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(
                lambda: len(self.connections) >= connections and len(self.connections[-1].asked) >= asked
            )
            return self.connections[-1]

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection, commands = HeldConnection(writer), Reader()
        self.connections.append(connection)
        await self._tell()
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                commands.feed(data)
                while command := commands.gets():
                    if command[0] in SCRIPTS:
                        connection.asked.append(command[-1])
                    else:
                        await self.let_in.wait()
                        connection.answer(b"+OK\r\n")
                await self._tell()
        writer.close()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


@asynccontextmanager
async def held_server(folder: Path) -> AsyncIterator[HeldServer]:
    held = HeldServer(folder / "held.sock")
    listening = await asyncio.start_unix_server(held.talk, folder / "held.sock")
    try:
        yield held
    finally:
        held.let_in.set()
        listening.close()
        for connection in held.connections:
            connection.close()
