"""A call of a library that blocks: it runs in a thread, and the loop holds the end of its connection.

A thread that reads from a peer which sends one byte now and then cannot be woken by a timeout of its own, as
each byte begins the timeout anew. So the loop shuts the connection down under it when the time is over.
"""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import threading
from concurrent.futures import CancelledError
from contextlib import suppress
from time import monotonic
from typing import Protocol

from gateway.outbound.names import Names


class HasDescriptor(Protocol):
    def fileno(self) -> int: ...


class ThreadCall:
    """One call. `dial`, `hold` and `end` are the thread's, `cut` is the loop's."""

    def __init__(self, names: Names, seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._names = names
        self._until = monotonic() + seconds
        self._lock = threading.Lock()
        self._line: socket.socket | None = None
        self._is_cut = False

    def seconds_left(self) -> float:
        return self._until - monotonic()

    def dial(self, host: str, port: int, seconds: float) -> socket.socket:
        """Have the loop connect to a host, and return a socket that blocks. Raises `OSError`."""
        seconds = min(seconds, self.seconds_left())
        if self._is_cut or seconds <= 0:
            raise TimeoutError
        dialling = asyncio.run_coroutine_threadsafe(self._dial(host, port, seconds), self._loop)
        try:
            line = dialling.result()
        except CancelledError:
            raise ConnectionAbortedError from None  # the process ends
        line.settimeout(max(0.001, self.seconds_left()))
        self.hold(line)
        return line

    async def _dial(self, host: str, port: int, seconds: float) -> socket.socket:
        async with asyncio.timeout(seconds):
            return await self._names.dial(host, port)

    def hold(self, line: HasDescriptor) -> None:
        """Take hold of the connection that the call uses from here on.

        The descriptor is doubled, as TLS and the end of a request take the socket out of the library's hands.
        """
        with self._lock:
            self._let_go()
            self._line = socket.socket(fileno=os.dup(line.fileno()))
            if self._is_cut:
                _shut(self._line)

    def cut(self) -> None:
        """Break the connection, if the call has not ended yet: whatever the thread waits for fails at once."""
        with self._lock:
            self._is_cut = True
            if self._line is not None:
                _shut(self._line)

    def end(self) -> None:
        """Let go of the connection, which may be kept for another call."""
        with self._lock:
            self._let_go()

    def _let_go(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None


def _shut(line: socket.socket) -> None:
    with suppress(OSError):  # the peer was faster
        # What waits to be read or sent is dropped when the thread closes it, and the peer hears that at once.
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.shutdown(socket.SHUT_RDWR)
