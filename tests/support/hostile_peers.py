"""Servers that never come to an end, for whoever talks to the outside: each counts what it still has open."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from tests.support.patience import quickly

BYTE_SECONDS = 0.02  # between two bytes of a peer that dribbles
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BLOCK = b" " * 65_536

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class HostilePeer:
    """`open` are the connections that somebody still holds, `sent` the bytes that went out on all of them."""

    def __init__(self) -> None:
        self.open = 0
        self.heard: list[bytes] = []
        self.sent = 0
        self.well: bytes | None = None  # what is answered once it is well
        self._changed = asyncio.Condition()

    async def nobody_is_left(self) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self.open == 0)

    async def is_open(self, count: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self.open >= count)

    async def write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        writer.write(data)
        await writer.drain()
        self.sent += len(data)

    async def _count(self, by: int) -> None:
        async with self._changed:
            self.open += by
            self._changed.notify_all()


@asynccontextmanager
async def hostile(talk: Callable[[HostilePeer], Talk]) -> AsyncIterator[tuple[HostilePeer, int]]:
    """Talk like this to everybody who connects, until the other side has gone."""
    peer = HostilePeer()
    say = talk(peer)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await peer._count(1)
        try:
            await say(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the other side has gone, which is what is waited for
        finally:
            writer.close()
            await peer._count(-1)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield peer, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        with suppress(TimeoutError):
            async with quickly(5):
                await peer.nobody_is_left()


async def read_request(peer: HostilePeer, reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next((line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), b"")
    peer.heard.append(head + await reader.readexactly(int(length.partition(b":")[2] or 0)))


def after_request(
    answer: Callable[[HostilePeer, asyncio.StreamWriter], Awaitable[None]],
) -> Callable[[HostilePeer], Talk]:
    """Read each request whole, and answer it like this: or as a peer that is well, once it is."""

    def talk(peer: HostilePeer) -> Talk:
        async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                await read_request(peer, reader)
                if peer.well is None:
                    await answer(peer, writer)
                else:
                    await peer.write(writer, peer.well)

        return say

    return talk


async def dribble(peer: HostilePeer, writer: asyncio.StreamWriter, byte: bytes = b" ") -> None:
    while True:
        await peer.write(writer, byte)
        await asyncio.sleep(BYTE_SECONDS)


async def dribbled_head(peer: HostilePeer, writer: asyncio.StreamWriter) -> None:
    await peer.write(writer, HEAD + b"X-Waiting: ")
    await dribble(peer, writer, b"x")


async def dribbled_body(peer: HostilePeer, writer: asyncio.StreamWriter) -> None:
    await peer.write(writer, HEAD + b"Content-Length: 5000\r\n\r\n{")
    await dribble(peer, writer)


async def dribbled_body_without_a_length(peer: HostilePeer, writer: asyncio.StreamWriter) -> None:
    await peer.write(writer, HEAD + b"Connection: close\r\n\r\n{")
    await dribble(peer, writer)


async def endless_continue(peer: HostilePeer, writer: asyncio.StreamWriter) -> None:
    await dribble(peer, writer, b"HTTP/1.1 100 Continue\r\n\r\n")


async def endless_heads(peer: HostilePeer, writer: asyncio.StreamWriter) -> None:
    await peer.write(writer, HEAD)
    while True:
        await peer.write(writer, b"X-More: " + b"x" * 4_000 + b"\r\n")


async def endless_body(peer: HostilePeer, writer: asyncio.StreamWriter) -> None:
    await peer.write(writer, HEAD + b"Content-Length: 99999999999\r\n\r\n")
    while True:
        await peer.write(writer, BLOCK)


async def endless_chunks(peer: HostilePeer, writer: asyncio.StreamWriter) -> None:
    await peer.write(writer, HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        await peer.write(writer, b"10000\r\n" + BLOCK + b"\r\n")


BOMB = gzip.compress(bytes(200 << 20), 9)


async def gzip_bomb(peer: HostilePeer, writer: asyncio.StreamWriter) -> None:
    length = f"Content-Encoding: gzip\r\nContent-Length: {len(BOMB)}\r\n\r\n".encode()
    await peer.write(writer, HEAD + length + BOMB)


async def nested_lists(peer: HostilePeer, writer: asyncio.StreamWriter) -> None:
    await peer.write(writer, HEAD + b"Content-Length: 400000\r\n\r\n" + b"[" * 400_000)


def tunnel_to_nobody(peer: HostilePeer) -> Talk:
    """Let a proxy's client through, and say nothing from there on."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(peer, reader)
        await peer.write(writer, b"HTTP/1.1 200 Connection established\r\n\r\n")
        while await reader.read(65_536):
            pass

    return say


def silent(peer: HostilePeer) -> Talk:
    """Take the connection and never say a word, so that a handshake of TLS waits for ever."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65_536):
            pass

    return say


@contextmanager
def never_connecting() -> Iterator[int]:
    """A port at which nobody takes a connection: the queue is full, so that further ones wait."""
    with socket.socket() as server, socket.socket() as first, socket.socket() as second:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for queued in (first, second):
            queued.setblocking(False)
            with suppress(BlockingIOError):
                queued.connect(server.getsockname())
        yield server.getsockname()[1]
