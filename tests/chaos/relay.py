"""What stands between a gateway and a vendor, and can answer in the vendor's place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

from tests.support.hostile_peers import HostilePeer

PAGE = b"<html><body><h1>Please sign in to this network</h1></body></html>"
Answer = Callable[[HostilePeer, asyncio.StreamWriter], Awaitable[None]]


class Relay:
    """Passes everything on; while `answer` is set, whatever a client sends is answered by that instead."""

    def __init__(self, behind: str) -> None:
        self._behind = urlsplit(behind)
        self.answer: Answer | None = None
        self.url = ""
        self._peer = HostilePeer()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Relay]:
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        place = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self.url = self._behind._replace(netloc=place).geturl()
        try:
            yield self
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            back, forth = await asyncio.open_connection(self._behind.hostname, self._behind.port)
            answers = asyncio.create_task(pass_on(back, writer))
            try:
                while data := await reader.read(65_536):
                    if self.answer is not None:
                        answers.cancel()
                        await self.answer(self._peer, writer)
                        break
                    forth.write(data)
                    await forth.drain()
            finally:
                answers.cancel()
                forth.close()
                writer.close()


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
        writer.close()


async def captive_portal(peer: HostilePeer, writer: asyncio.StreamWriter) -> None:
    """Answer 200 with a page for people, as a network does that wants a sign-in."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(PAGE)}\r\nConnection: close\r\n\r\n"
    await peer.write(writer, head.encode() + PAGE)
