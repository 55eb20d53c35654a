"""The server's side of Socket Mode: connections that the app has opened, and envelopes that it acknowledges.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from aiohttp import WSMsgType, web

ANSWER_SECONDS = 3.0
MAX_CONNECTIONS = 10


@dataclass(slots=True)
class Sockets:
    """Envelopes go to one of the connections that are open, the newest first."""

    token: str = "xapp-sandbox"  # noqa: S105 - opens nothing but this sandbox
    url: str = ""
    open: list[web.WebSocketResponse] = field(default_factory=list)
    _answers: dict[str, asyncio.Future[Any]] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: count(1))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        app = web.Application()
        app.router.add_get("/link", self._connected)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        self.url = f"ws://{host}:{port}/link"
        try:
            yield
        finally:
            for socket in [*self.open]:
                await socket.close()
            await runner.cleanup()

    async def send(self, kind: str, payload: Mapping[str, Any]) -> dict[str, Any] | None:
        """Send an envelope. Return what it was answered, None where it was not acknowledged in time."""
        if not self.open:
            return None
        envelope = f"envelope-{next(self._numbers)}"
        answer = self._answers[envelope] = asyncio.get_running_loop().create_future()
        said = {"envelope_id": envelope, "type": kind, "payload": payload, "accepts_response_payload": True}
        await self.open[-1].send_str(json.dumps(said))
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                found: dict[str, Any] = await answer
        except TimeoutError:
            return None
        finally:
            del self._answers[envelope]
        return found

    async def ask_to_leave(self, reason: str = "refresh_requested") -> None:
        """Tell the newest connection that it will be closed, and close it."""
        socket = self.open[-1]
        await socket.send_str(json.dumps({"type": "disconnect", "reason": reason}))
        await socket.close()

    async def _connected(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if len(self.open) >= MAX_CONNECTIONS:
            await socket.send_str(json.dumps({"type": "disconnect", "reason": "too_many_websockets"}))
            await socket.close()
            return socket
        self.open.append(socket)
        await socket.send_str(json.dumps({"type": "hello", "num_connections": len(self.open)}))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self._acknowledged(json.loads(message.data))
        finally:
            self.open.remove(socket)
        return socket

    def _acknowledged(self, said: Mapping[str, Any]) -> None:
        answer = self._answers.get(str(said.get("envelope_id")))
        if answer is not None and not answer.done():
            answer.set_result(said.get("payload") or {})
