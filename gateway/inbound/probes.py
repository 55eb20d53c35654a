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
        # The store is not asked: to restart this process would not bring a store back.
        return PlainTextResponse("ok\n")

    async def _readyz(self, _request: Request) -> Response:
        try:
            async with asyncio.timeout(READY_TIMEOUT_SECONDS):
                await self.store.now()
        except (StateUnavailable, TimeoutError) as error:
            # A replica that is not ready gets no webhooks from its Service, so another one can take them.
            return PlainTextResponse(f"the store is away: {error}\n", 503)
        return PlainTextResponse("ok\n")

    async def _health(self, _request: Request) -> Response:
        # The status is 200 even if degraded: such a gateway still notifies people and must not be restarted.
        return JSONResponse(self.health())

    async def _metrics(self, _request: Request) -> Response:
        # Rendering thousands of series takes a while, and webhooks must not wait for it.
        body, kind = await asyncio.to_thread(self.metrics.render)
        return Response(body, media_type=kind)
