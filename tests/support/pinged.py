"""A service that expects heartbeats: it writes down what it was asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway.sandbox.server import Cut, LocalServer


@dataclass
class Pinged:
    server: LocalServer = field(default_factory=LocalServer)
    paths: list[str] = field(default_factory=list)
    status: int = 200
    cuts: bool = False

    @property
    def url(self) -> str:
        return self.server.url

    @classmethod
    @asynccontextmanager
    async def listening(cls) -> AsyncIterator[Pinged]:
        pinged = cls()
        async with pinged.server.running(Starlette(routes=[Route("/{rest:path}", pinged._answer)]), 0):
            yield pinged

    async def _answer(self, request: Request) -> Response:
        self.paths.append(request.url.path)
        return Cut(self.server) if self.cuts else PlainTextResponse("OK", self.status)
