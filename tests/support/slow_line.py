"""A line between a gateway and its store that is slow, and can be cut."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path


class SlowLine:
    """Every answer of the store comes `seconds` late.

    `cut` breaks all connections, and none is made until `mend`. A question with `cut_at` in it cuts the line before the
    store has heard it.
    """

    def __init__(self, behind: str, folder: Path) -> None:
        self.url = f"unix://{folder / 'line.sock'}"
        self.seconds = 0.0
        self.cut_at = b""
        self._behind = behind.removeprefix("unix://")
        self._whole = True
        self._open: set[asyncio.StreamWriter] = set()

    @property
    def is_cut(self) -> bool:
        return not self._whole

    def mend(self) -> None:
        self._whole, self.cut_at = True, b""

    def cut(self) -> None:
        self._whole = False
        for writer in self._open:
            writer.transport.abort()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.close()
            return
        answers, questions = await asyncio.open_unix_connection(self._behind)
        self._open |= {writer, questions}
        try:
            async with asyncio.TaskGroup() as both_ways:
                both_ways.create_task(self._pass_on(reader, questions, late=False))
                both_ways.create_task(self._pass_on(answers, writer, late=True))
        finally:
            self._open -= {writer, questions}

    async def _pass_on(self, said: asyncio.StreamReader, to: asyncio.StreamWriter, *, late: bool) -> None:
        loop = asyncio.get_running_loop()
        with suppress(ConnectionError):
            while data := await said.read(65_536):
                if not late and self.cut_at and self.cut_at in data:
                    self.cut()
                    break
                # Several may be on their way at once, as on a long line: each is late by itself.
                loop.call_later(self.seconds if late else 0, _write, to, data)
        to.close()


def _write(to: asyncio.StreamWriter, data: bytes) -> None:
    if not to.is_closing():
        to.write(data)


@asynccontextmanager
async def slow_line(behind: str, folder: Path) -> AsyncIterator[SlowLine]:
    """Stand before a store on a unix socket."""
    line = SlowLine(behind, folder)
    server = await asyncio.start_unix_server(line.talk, folder / "line.sock")
    try:
        yield line
    finally:
        line.cut()
        server.close()
