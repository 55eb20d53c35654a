"""An answer is written as a whole: uvicorn writes its head and its body one after the other.

Each of the two would be a system call and a packet of its own, which together took as long as all that
uvicorn does for an answer.
"""

from __future__ import annotations

import asyncio
from typing import Any


class JoinedWrites:
    """A transport that holds what is written first until more follows, or until the event loop's next turn."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held = b""

    def write(self, data: bytes) -> None:
        if self._held:
            data, self._held = self._held + data, b""
            self._transport.write(data)
        else:
            self._held = data
            self._loop.call_soon(self.flush)

    def flush(self) -> None:
        """Write what is held; nothing where more has followed meanwhile."""
        if self._held and not self._transport.is_closing():
            self._transport.write(self._held)
        self._held = b""

    def get_write_buffer_size(self) -> int:
        self.flush()
        return self._transport.get_write_buffer_size()

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def abort(self) -> None:
        self._held = b""
        self._transport.abort()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)  # all else is the transport's own
