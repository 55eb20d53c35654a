"""uvicorn as we run it: senders that dawdle over their headers are cut off, nothing is told about the server."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_TIME = 10.0  # seconds for a request's line and headers
HEADER_BYTES = 64 * 1024
GRACE = 20  # seconds for webhooks in flight at the end: reading and taking one may take 18
CONNECTIONS = 2_000  # more are answered 503
ENDINGS = (signal.SIGTERM, signal.SIGINT)


class PatientProtocol(HttpToolsProtocol):
    """Closes a connection on which no whole head arrives in time, or a head that is too large: nobody has shown a token yet."""

    _deadline: asyncio.TimerHandle | None = None
    _head = 0  # bytes since the last whole head, where none is complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._deadline = self.loop.call_later(HEADER_TIME, transport.close)

    def data_received(self, data: bytes) -> None:
        if self._deadline is not None:
            self._head += len(data)
        super().data_received(data)
        if self._deadline is not None and self._head > HEADER_BYTES:
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        super().on_headers_complete()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEADER_TIME, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _stop_waiting(self) -> None:
        self._head = 0
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class Server(uvicorn.Server):
    """Ends by returning. uvicorn's own would raise the signal again, and the store would never be stopped."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in ENDINGS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in ENDINGS:
                loop.remove_signal_handler(number)
                signal.signal(number, signal.SIG_IGN)  # we are ending already; a second Ctrl-C must not leave a store behind


def make_server(application: ASGIApp, host: str, port: int, **more: Any) -> uvicorn.Server:
    config = uvicorn.Config(
        application,
        host=host,
        port=port,
        loop="uvloop",
        http=PatientProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=75,
        **more,
    )
    return Server(config)
