"""Somebody who has subscribed to the webhooks of the local PagerDuty, and answers them as a test has it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.sandbox.server import LocalServer
from tests.support.patience import PATIENCE


@dataclass(frozen=True)
class Taken:
    """A webhook as it arrived."""

    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)["event"]
        return found

    @property
    def kind(self) -> str:
        return str(self.event["event_type"])


@dataclass
class Receiver:
    """`answers` are the statuses of the next answers; then all are 200."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)

    @property
    def kinds(self) -> list[str]:
        return [one.kind for one in self.taken]

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0.01)

    async def take(self, request: Request) -> Response:
        self.taken.append(Taken(dict(request.headers), await request.body()))
        return Response(status_code=self.answers.pop(0) if self.answers else 200)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver, server = Receiver(), LocalServer()
    app = Starlette(routes=[Route("/webhooks/pagerduty", receiver.take, methods=["POST"])])
    async with server.running(app, 0):
        receiver.url = server.url
        yield receiver
