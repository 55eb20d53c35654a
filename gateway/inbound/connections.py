"""The connections of the HTTP server: how many are served, and how long the other side of one may take."""

from __future__ import annotations

import asyncio
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.inbound.joined_writes import JoinedWrites
from gateway.inbound.strangers import (
    MAX_NEWCOMERS,
    MAX_STRANGERS,
    NEWCOMER_SECONDS,
    SHOW_TOKEN,
    Strangers,
)

HEADER_SECONDS = 10.0  # for a request's line and headers
STRANGER_SECONDS = 2  # for the same, and between two requests, where no token was shown
DAWDLER_SECONDS = 30.0  # for the other side to send the rest of a body, or to read an answer
MAX_HEADER_BYTES = 64 * 1024
MAX_CONNECTIONS = 2_000  # beside strangers; more are answered 503, where there are descriptors for so many
# For the store, the vendors and files: connections that come in must not take these
RESERVED_DESCRIPTORS = 256
KEEP_ALIVE_SECONDS = 75


def connections_allowed(descriptors: int) -> int:
    """Return how many connections are served at once, beside strangers, with so many descriptors (a negative
    number: no limit).
    """
    if descriptors < 0:
        return MAX_CONNECTIONS
    return max(1, min(MAX_CONNECTIONS, descriptors - RESERVED_DESCRIPTORS - MAX_STRANGERS))


def newcomers_allowed(descriptors: int) -> int:
    """Return how many newcomers there are descriptors for beside everything else."""
    if descriptors < 0:
        return MAX_NEWCOMERS
    others = RESERVED_DESCRIPTORS + MAX_STRANGERS + connections_allowed(descriptors)
    return max(0, min(MAX_NEWCOMERS, descriptors - others))


class Config(uvicorn.Config):
    """uvicorn's settings, and the strangers among the connections of this server.

    `descriptors` is how many the process may have open; a negative number: no limit.
    """

    def __init__(self, application: ASGIApp, descriptors: int, **more: Any) -> None:
        super().__init__(application, **more)
        self._known = connections_allowed(descriptors)
        newcomers = newcomers_allowed(descriptors)
        self._most = self._known + MAX_STRANGERS + newcomers
        self.strangers = Strangers(newcomers)

    @property
    def allowed(self) -> int:
        """How many connections may be open now for a request to be
        served: strangers take nobody else's place.
        """
        return min(self._known + len(self.strangers), self._most)


class PatientProtocol(HttpToolsProtocol):
    """Closes a connection on which no whole head arrives in time, or a head that is too large, and one on
    which a body does not arrive or an answer is not read.

    A sender has shown no token before its head is complete, so anybody could hold connections open
    otherwise. A connection on which no token was shown at all is a stranger's (`strangers.py`).
    """

    _deadline: asyncio.TimerHandle | None = None
    _dawdler: asyncio.TimerHandle | None = None
    _head = 0  # bytes since the last complete head
    _in_head = _in_body = False  # where the request that comes in now has got to
    address = ""
    config: Config

    @property
    def _strangers(self) -> Strangers:
        return self.config.strangers

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(JoinedWrites(transport, self.loop))  # type: ignore[arg-type]
        self.address = str(self.client[0]) if self.client else ""
        self.timeout_keep_alive = STRANGER_SECONDS
        self._deadline = self.loop.call_later(STRANGER_SECONDS, transport.close)
        self._strangers.come(self)
        self.loop.call_later(NEWCOMER_SECONDS, self._strangers.stay, self)

    def hang_up(self) -> None:
        # A transport that is closed first sends what it still
        # has, and waits for a reader that may never read.
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        else:
            self.transport.close()

    def show_token(self) -> None:
        self.timeout_keep_alive = KEEP_ALIVE_SECONDS
        self._strangers.leave(self)

    def data_received(self, data: bytes) -> None:
        if self._deadline is not None:
            self._head += len(data)
        super().data_received(data)
        if self._deadline is not None and self._head > MAX_HEADER_BYTES:
            self.transport.close()
        self._wait_for_rest()

    def _wait_for_rest(self) -> None:
        """Let a time run for what is still on its way. Most requests came in at once, and need none."""
        if self._in_head:
            # Each further request on a kept connection gets its time for its head, too.
            if self._deadline is None:
                seconds = STRANGER_SECONDS if self in self._strangers else HEADER_SECONDS
                self._deadline = self.loop.call_later(seconds, self.transport.close)
        elif self._in_body and not self.cycle.response_complete:
            self._wait_for_other_side()

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        super()._unset_keepalive_if_required()
        self._strangers.ask(self)
        self.limit_concurrency = self.config.allowed
        super().on_headers_complete()
        self._in_body = True

    def on_message_complete(self) -> None:
        self._in_body = False
        super().on_message_complete()
        self._other_side_went_on()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        super()._unset_keepalive_if_required()
        self.scope["state"][SHOW_TOKEN] = self.show_token
        self._in_head = True

    def on_response_complete(self) -> None:
        super()._unset_keepalive_if_required()
        super().on_response_complete()
        if self.timeout_keep_alive_task is not None:
            self._strangers.idle(self)

    def _unset_keepalive_if_required(self) -> None:
        """Go on waiting for the next request: uvicorn calls this for any byte, and not each byte begins one.

        What is left of a refused body, or an empty line, would else keep a connection open for ever.
        """

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        if self.transport.get_write_buffer_size():
            self._wait_for_other_side()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._wait_for_other_side()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._other_side_went_on()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        self._stop_dawdling()
        super()._unset_keepalive_if_required()
        self._strangers.leave(self)
        super().connection_lost(exc)

    def _stop_waiting(self) -> None:
        self._head, self._in_head = 0, False
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _wait_for_other_side(self) -> None:
        """Give it a while to send the rest of a body, or to read what the connection does not hold."""
        if self._dawdler is None:
            self._dawdler = self.loop.call_later(STRANGER_SECONDS, self._dawdle)

    def _dawdle(self) -> None:
        # A stranger that does neither holds a connection, and memory, like one that idles.
        self._strangers.idle(self)
        self._dawdler = self.loop.call_later(DAWDLER_SECONDS, self.transport.abort)

    def _other_side_went_on(self) -> None:
        working = not self.cycle.response_complete
        if self.flow.write_paused or (working and self.cycle.more_body):
            return
        self._stop_dawdling()
        if working:
            self._strangers.ask(self)

    def _stop_dawdling(self) -> None:
        if self._dawdler is not None:
            self._dawdler.cancel()
            self._dawdler = None
