"""The HTTP server: uvicorn that cuts off slow senders of headers and says nothing about itself."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADER_SECONDS = 10.0  # for a request's line and headers
MAX_HEADER_BYTES = 64 * 1024
SHUTDOWN_SECONDS = 20  # for webhooks in flight at the end: to read and take a webhook may take 18
MAX_CONNECTIONS = 2_000  # more are answered 503
KEEP_ALIVE_SECONDS = 75
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class PatientProtocol(HttpToolsProtocol):
    """Closes a connection on which no whole head arrives in time, or a head that is too large.

    A sender has shown no token before its head is complete, so anybody could hold connections open otherwise.
    """

    _deadline: asyncio.TimerHandle | None = None
    _head = 0  # bytes since the last complete head

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._deadline = self.loop.call_later(HEADER_SECONDS, transport.close)

    def data_received(self, data: bytes) -> None:
        if self._deadline is not None:
            self._head += len(data)
        super().data_received(data)
        if self._deadline is not None and self._head > MAX_HEADER_BYTES:
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._stop_waiting()
        super().on_headers_complete()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        # Each further request on a kept connection gets the same time for its head.
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _stop_waiting(self) -> None:
        self._head = 0
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None


class Server(uvicorn.Server):
    """A server that returns from `serve` on a signal.

    uvicorn's own raises the signal again after it has stopped, which would end the process before the store
    is stopped.
    """

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in STOP_SIGNALS:
                loop.remove_signal_handler(number)
                # A second Ctrl-C while everything is being stopped must not leave the store's process behind.
                signal.signal(number, signal.SIG_IGN)


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
        limit_concurrency=MAX_CONNECTIONS,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        **more,
    )
    return Server(config)
