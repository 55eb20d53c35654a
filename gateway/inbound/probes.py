"""The endpoints of probes: `/livez` (this process), `/readyz` (the store), `/health` and `/metrics`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.errors import StateUnavailable
from gateway.inbound.auth import Callers
from gateway.inbound.refused import Door, RefusedRequests
from gateway.inbound.strangers import show_token
from gateway.ports import Store
from gateway.telemetry.metrics import Metrics

READY_TIMEOUT_SECONDS = 2.0

Health = Callable[[], Mapping[str, object]]


@dataclass(slots=True)
class Probes:
    """The endpoints. `health` returns the document of `/health`; its `status` is ok or degraded.

    `/metrics` asks for a token where there are `scrapers`; the others never do.
    """

    store: Store
    metrics: Metrics
    health: Health
    scrapers: Callers | None = None
    refused: RefusedRequests | None = None
    _rendering: asyncio.Task[tuple[bytes, str]] | None = field(default=None, init=False)

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
            why = str(error) or "it does not answer in time"
            return PlainTextResponse(f"the store is away: {why}\n", 503)
        return PlainTextResponse("ok\n")

    async def _health(self, _request: Request) -> Response:
        # The status is 200 even if degraded: such a gateway still notifies people and must not be restarted.
        return JSONResponse(self.health())

    async def _metrics(self, request: Request) -> Response:
        if self.scrapers is not None:
            if self.scrapers.who(request.headers.get("authorization")) is None:
                if self.refused is not None:
                    self.refused.token_refused(request, Door.METRICS)
                return PlainTextResponse("a valid token is needed\n", 401, {"www-authenticate": "Bearer"})
            if not self.scrapers.open:
                show_token(request.scope)
        body, kind = await self._rendered()
        return Response(body, media_type=kind)

    async def _rendered(self) -> tuple[bytes, str]:
        """Render the metrics, once for all who ask while that goes on: anybody may ask as often as they like."""
        if self._rendering is None or self._rendering.done():
            # Rendering thousands of series takes a while, and webhooks must not wait for it.
            self._rendering = asyncio.create_task(asyncio.to_thread(self.metrics.render))
        # Whoever hangs up takes nothing from the others.
        return await asyncio.shield(self._rendering)
