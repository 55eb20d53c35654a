"""The endpoints of probes: `/livez` (this process), `/readyz` (the store), `/health` and `/metrics`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.errors import StateUnavailable
from gateway.ports import Store
from gateway.telemetry.metrics import Metrics

READY_TIMEOUT_SECONDS = 2.0

Health = Callable[[], Mapping[str, object]]


@dataclass(slots=True)
class Probes:
    """The endpoints. `health` returns the document of `/health`; its `status` is ok or degraded."""

    store: Store
    metrics: Metrics
    health: Health

    def routes(self) -> list[Route]:
        return [
            Route("/livez", self._livez),
            Route("/readyz", self._readyz),
            Route("/health", self._health),
            Route("/metrics", self._metrics),
        ]

    async def _livez(self, _request: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def _readyz(self, _request: Request) -> Response:
        try:
            async with asyncio.timeout(READY_TIMEOUT_SECONDS):
                await self.store.now()
        except (StateUnavailable, TimeoutError) as error:
            return PlainTextResponse(f"the store is away: {error}\n", 503)
        return PlainTextResponse("ok\n")

    async def _health(self, _request: Request) -> Response:
        return JSONResponse(self.health())

    async def _metrics(self, _request: Request) -> Response:
        body, kind = await asyncio.to_thread(self.metrics.render)
        return Response(body, media_type=kind)
