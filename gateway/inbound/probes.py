"""The endpoints of probes: `/livez`, `/readyz` (the store), `/health`, `/health/deep` and `/metrics`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from gateway.inbound.accept import wants_openmetrics
from gateway.inbound.asked_store import AskedStore
from gateway.inbound.auth import HOW_TO_ASK, Callers
from gateway.inbound.deep_health import DeepHealth
from gateway.inbound.refused import Door, RefusedRequests
from gateway.inbound.strangers import show_token
from gateway.self_monitoring.health_checks import HealthStatus
from gateway.telemetry.metrics import Metrics

Health = Callable[[bool], Mapping[str, object]]
"""Returns the document of `/health`; is called with whether the store answers now."""


def alive() -> Response:
    """Say that the process lives, whatever its store does: to restart it would not bring a store back."""
    return PlainTextResponse("ok\n")


@dataclass(slots=True)
class Probes:
    """The endpoints. `store` is asked by those that show whether it answers.

    `/health/deep` asks for a token of `callers`, `/metrics` for one
    of `scrapers`, where there are any; the others never ask for one.
    """

    store: AskedStore
    metrics: Metrics
    health: Health
    deep_health: DeepHealth
    callers: Callers
    refused: RefusedRequests
    scrapers: Callers | None = None
    _rendering: dict[bool, asyncio.Task[tuple[bytes, str]]] = field(default_factory=dict, init=False)

    def routes(self) -> list[Route]:
        return [
            Route("/livez", self._livez),
            Route("/readyz", self._readyz),
            Route("/health", self._health),
            Route("/health/deep", self._deep_health),
            Route("/metrics", self._metrics),
        ]

    async def _livez(self, _request: Request) -> Response:
        return alive()

    async def _readyz(self, _request: Request) -> Response:
        trouble = (await self.store.answer()).trouble
        if trouble:
            # A replica that is not ready gets no webhooks from its Service, so another one can take them.
            return PlainTextResponse(f"the store is away: {trouble}\n", 503)
        return PlainTextResponse("ok\n")

    async def _health(self, _request: Request) -> Response:
        return _answer(self.health(not (await self.store.answer()).trouble))

    async def _deep_health(self, request: Request) -> Response:
        # It works for whoever asks, and asks the vendors: strangers may not have that done.
        return self._refuse(request, self.callers, Door.HEALTH) or _answer(await self.deep_health.shown())

    async def _metrics(self, request: Request) -> Response:
        refusal = self._refuse(request, self.scrapers, Door.METRICS) if self.scrapers is not None else None
        if refusal is not None:
            return refusal
        body, kind = await self._rendered(wants_openmetrics(request.headers.get("accept", "")))
        return Response(body, headers={"content-type": kind, "vary": "accept"})

    def _refuse(self, request: Request, callers: Callers, door: Door) -> Response | None:
        """Answer a request without a valid token; None for one that has it, or that needs none."""
        if callers.who(request.headers.get("authorization")) is None:
            self.refused.token_refused(request, door)
            text = f"a valid token is needed: {HOW_TO_ASK}\n"
            return PlainTextResponse(text, 401, {"www-authenticate": "Bearer"})
        if not callers.open:
            show_token(request.scope)
        return None

    async def _rendered(self, openmetrics: bool) -> tuple[bytes, str]:
        """Render the metrics, once for all who ask while that goes on: anybody may ask as often as they like."""
        rendering = self._rendering.get(openmetrics)
        if rendering is None or rendering.done():
            # Rendering thousands of series takes a while, and webhooks must not wait for it.
            rendering = asyncio.create_task(asyncio.to_thread(self.metrics.render, openmetrics=openmetrics))
            self._rendering[openmetrics] = rendering
        # Whoever hangs up takes nothing from the others.
        return await asyncio.shield(rendering)


def _answer(document: Mapping[str, object]) -> Response:
    """Answer with 503 only where alerts are lost: a degraded gateway still tells people."""
    return JSONResponse(document, 503 if document["status"] == HealthStatus.UNHEALTHY else 200)
