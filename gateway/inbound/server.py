"""The HTTP server: uvicorn on sockets of our own, which cuts off slow senders of headers."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gateway.errors import BadSettings

log = structlog.get_logger("gateway.settings")

HEADER_SECONDS = 10.0  # for a request's line and headers
MAX_HEADER_BYTES = 64 * 1024
SHUTDOWN_SECONDS = 20  # for webhooks in flight at the end: to read and take a webhook may take 18
MAX_CONNECTIONS = 2_000  # more are answered 503
KEEP_ALIVE_SECONDS = 75
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
BACKLOG = 2_048  # connections that wait to be accepted
NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
NOT_BOUND = {
    errno.EADDRINUSE: "something else listens there: stop it, or set another port",
    errno.EACCES: "this user may not listen there: ports below 1024 are root's, set a higher one",
    errno.EADDRNOTAVAIL: "this machine has no such address: set one of its own, 127.0.0.1 or 0.0.0.0",
}


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

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Without this line a clean stop would look like a crash in the log.
        if not self.should_exit:
            log.info("stopping", signal=signal.Signals(sig).name)
        super().handle_exit(sig, frame)

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


def bind(host: str, port: int) -> list[socket.socket]:
    """Return sockets that listen on every address of `host`.

    Raises `BadSettings` where that is not possible: a port that is taken ends the process before it says that
    it is ready.
    """
    sockets: list[socket.socket] = []
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for at, (family, *_, address) in enumerate(found, 1):
            try:
                sockets.append(socket.create_server(address[:2], family=family, backlog=BACKLOG))
            except OSError as error:
                # `localhost` has an address of IPv6 also where this machine has none: the other one is enough.
                if error.errno not in NOT_HERE or (at == len(found) and not sockets):
                    raise
    except OSError as error:
        for bound in sockets:
            bound.close()
        remedy = NOT_BOUND.get(error.errno or 0, f"{error.strerror}: set an address of this machine")
        raise BadSettings(f"GATEWAY_LISTEN: {host}:{port}: {remedy}") from error
    return sockets


def address_of(bound: socket.socket) -> str:
    """Return the address of a socket as people write it into a browser."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def make_server(application: ASGIApp, **more: Any) -> Server:
    config = uvicorn.Config(
        application,
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
