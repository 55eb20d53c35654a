"""The HTTP server: uvicorn on sockets of our own."""

from __future__ import annotations

import asyncio
import errno
import resource
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp

from gateway.errors import BadSettings
from gateway.inbound.connections import KEEP_ALIVE_SECONDS, Config, PatientProtocol

log = structlog.get_logger("gateway.settings")

SHUTDOWN_SECONDS = 20  # for webhooks in flight at the end: to read and take a webhook may take 18
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
BACKLOG = 2_048  # connections that wait to be accepted
NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
NOT_BOUND = {
    errno.EADDRINUSE: "something else listens there: stop it, or set another port",
    errno.EACCES: "this user may not listen there: ports below 1024 are root's, set a higher one",
    errno.EADDRNOTAVAIL: "this machine has no such address: set one of its own, 127.0.0.1 or 0.0.0.0",
}


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
                # `localhost` has an address of IPv6 also where
                # this machine has none: the other one is enough.
                if error.errno not in NOT_HERE or (at == len(found) and not sockets):
                    raise
    except OSError as error:
        for bound in sockets:
            bound.close()
        remedy = NOT_BOUND.get(error.errno or 0, f"{error.strerror}: set an address of this machine")
        raise BadSettings(f"GATEWAY_LISTEN: {host}:{port}: {remedy}") from error
    return sockets


def raise_descriptor_limit() -> None:
    """Raise the soft limit of open descriptors to the hard one.

    systemd and most shells give 1,024, which leaves few connections beside those to the store and to vendors.
    """
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with suppress(OSError, ValueError):  # some systems refuse what they say is the hard limit
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def address_of(bound: socket.socket) -> str:
    """Return the address of a socket as people write it into a browser."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def make_server(application: ASGIApp, **more: Any) -> Server:
    config = Config(
        application,
        resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        loop="uvloop",
        http=PatientProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        **more,
    )
    return Server(config)
