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
GRACE = 15  # seconds for webhooks in flight at the end
CONNECTIONS = 2_000  # more are answered 503
ENDINGS = (signal.SIGTERM, signal.SIGINT)


class PatientProtocol(HttpToolsProtocol):
    """Closes a connection on which no whole head arrives in time."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._deadline = self.loop.call_later(HEADER_TIME, transport.close)

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
