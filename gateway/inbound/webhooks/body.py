"""The body of a request is read under caps: its size, its time, and the bytes of all bodies in flight."""

from __future__ import annotations

from collections import Counter
from collections.abc import MutableMapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from starlette.types import Receive, Scope

from gateway.inbound.webhooks.time_limit import TimeLimit

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Caps:
    """The caps: `body` and `in_flight` in bytes, `read_time` and `take_time` in seconds."""

    body: int = 32 * MIB
    in_flight: int = 256 * MIB
    read_time: float = 10.0
    take_time: float = 8.0


class Unread(StrEnum):
    """The reasons for which a body was not read."""

    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"
    TOO_MANY = "too_many"
    GONE = "gone"  # the sender hung up


class BodyBudget:
    """Counts the bytes of all bodies that are being worked on, and reads no further body beyond the cap.

    The room of one whole body is kept for sources that have none under way,
    so that one source's storm does not turn away the webhooks of another.
    """

    def __init__(self, caps: Caps) -> None:
        self.caps = caps
        self.bytes = 0
        self._under_way: Counter[str] = Counter()  # bodies by source
        self._read_time = TimeLimit(caps.read_time)

    async def read(self, source: str, scope: Scope, receive: Receive) -> bytes | Unread:
        """Read a body of a source.

        If it was read whole, the caller gives its size back to the budget by `land`.
        """
        length = declared_length(scope)
        if length is not None and length > self.caps.body:
            return Unread.TOO_LARGE
        room = self._room(source)
        # A storm of large webhooks must not exhaust the memory,
        # else the alerts of all senders are lost with it.
        if self.bytes + (length or 0) > room:
            return Unread.TOO_MANY
        parts: list[bytes] = []
        unread: Unread | None = Unread.GONE  # holds if the read is cancelled
        self._under_way[source] += 1
        try:
            with self._read_time.begun():
                unread = await self._gather(receive, parts, room)
        except TimeoutError:
            unread = Unread.TOO_SLOW
        finally:
            if unread is not None:
                self.land(source, sum(map(len, parts)))
        if unread is not None:
            return unread
        return b"".join(parts) if len(parts) > 1 else parts[0]

    def _room(self, source: str) -> int:
        """Return how many bytes may be in flight with a further body of this source."""
        if not self._under_way[source]:
            return self.caps.in_flight
        return self.caps.in_flight - min(self.caps.body, self.caps.in_flight // 2)

    async def _gather(self, receive: Receive, parts: list[bytes], room: int) -> Unread | None:
        """Fill `parts` and count each as it arrives; return why to stop, or None after the last part."""
        size = 0
        while True:
            message: MutableMapping[str, Any] = await receive()
            if message["type"] != "http.request":
                return Unread.GONE  # http.disconnect
            part: bytes = message.get("body", b"")
            parts.append(part)
            size += len(part)
            # Bytes count as they arrive: a chunked body declares no
            # length, and a declared body may never be sent.
            self.bytes += len(part)
            if size > self.caps.body:
                return Unread.TOO_LARGE
            if self.bytes > room:
                return Unread.TOO_MANY
            if not message.get("more_body", False):
                return None

    def land(self, source: str, size: int) -> None:
        self.bytes -= size
        self._under_way[source] -= 1
        if not self._under_way[source]:
            del self._under_way[source]


def declared_length(scope: Scope) -> int | None:
    value = header(scope, b"content-length")
    return int(value) if value.isdigit() else None


def header(scope: Scope, name: bytes) -> bytes:
    for key, value in scope["headers"]:
        if key == name:
            return bytes(value)
    return b""
