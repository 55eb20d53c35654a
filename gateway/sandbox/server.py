"""A web server on 127.0.0.1 inside this process, whose connections can be cut."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from itertools import count

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

TICK_SECONDS = 0.1  # uvicorn's own, by which it counts


class _Uvicorn(uvicorn.Server):
    """A server that installs no signal handlers, says when it listens, and stops at once.

    uvicorn's own looks ten times a second whether it should stop, and waits as long for its connections.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready, self.stopped = asyncio.Event(), asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    async def main_loop(self) -> None:
        for tick in count():
            if await self.on_tick(tick):
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stopped.wait(), TICK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        # Their connections are cut by now, so that they end by themselves.
        if tasks := self.server_state.tasks:
            await asyncio.wait(tasks)


class LocalServer:
    """Runs one app; knows its open connections and whether it is closing."""

    def __init__(self) -> None:
        self.url = ""
        self.closing = asyncio.Event()
        self._uvicorn: _Uvicorn | None = None

    @asynccontextmanager
    async def running(self, app: ASGIApp, port: int) -> AsyncIterator[None]:
        """Raises OSError when the port is taken; port 0 takes a free one."""
        listener = _listen(port)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self._uvicorn = _Uvicorn(_config(app))
        task = asyncio.create_task(self._uvicorn.serve(sockets=[listener]))
        try:
            await self._uvicorn.ready.wait()
            yield
        finally:
            self.closing.set()
            self._uvicorn.should_exit = True
            for connection in self._connections():
                connection.transport.abort()
            self._uvicorn.stopped.set()
            await task

    def cut(self, client: object) -> None:
        """Breaks the connection of this client address at once, as a dead network would."""
        for connection in self._connections():
            if connection.client == client:
                connection.transport.abort()

    async def client_gone(self, request: Request) -> None:
        """Waits until the client hangs up, which it is made to do when the server closes."""
        while (await request.receive())["type"] != "http.disconnect":
            pass

    async def closes_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                return await self.closing.wait()
        except TimeoutError:
            return False

    def _connections(self) -> list[HttpToolsProtocol]:
        connections = self._uvicorn.server_state.connections if self._uvicorn else ()
        return [connection for connection in connections if isinstance(connection, HttpToolsProtocol)]


class Cut(Response):
    """A response that is none: the connection is cut instead."""

    def __init__(self, server: LocalServer) -> None:
        super().__init__()
        self._server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - nothing is sent
        self._server.cut(scope["client"])
        while (await receive())["type"] != "http.disconnect":
            pass


def _listen(port: int) -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise
    return listener


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=HttpToolsProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_keep_alive=60,
    )
