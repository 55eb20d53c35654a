"""The ASGI application from the moment the port is bound: it answers for a gateway that still starts.

A store that is away may keep the gateway from starting for hours. Whoever asks meanwhile gets an answer:
probes see a process that lives and is not ready, and Alertmanager sends its webhooks again.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.inbound.probes import alive
from gateway.inbound.webhooks.responses import WebhookResponse, send_response
from gateway.self_monitoring.health import without_a_store

REMEDY = "send it again: the gateway takes it once it has its store"

ASK_LATER = "ask again once its store answers; where that is, its log and GATEWAY_REDIS_URL there say"


class Doorway:
    """Hands requests to the gateway once `open` was called. `why` says what it waits for until then."""

    def __init__(self, why: Callable[[], str], version: str) -> None:
        self._why = why
        self._version = version
        self._gateway: ASGIApp | None = None

    @property
    def is_open(self) -> bool:
        return self._gateway is not None

    def open(self, gateway: ASGIApp) -> None:
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._gateway is not None:
            await self._gateway(scope, receive, send)
            return
        response = self._of_a_probe(scope["path"])
        if response is not None:
            await response(scope, receive, send)
        else:
            remedy = REMEDY if scope["path"].startswith("/webhooks/") else ASK_LATER
            await send_response(send, WebhookResponse(503, "starting", self._waits, remedy=remedy), receive)

    @property
    def _waits(self) -> str:
        why = self._why()
        return f"the gateway waits for its store: {why}" if why else "the gateway is starting"

    def _of_a_probe(self, path: str) -> Response | None:
        match path:
            case "/livez":
                return alive()
            case "/readyz":
                return PlainTextResponse(f"{self._waits}\n", 503)
            case "/health":
                return JSONResponse(without_a_store(self._version, self._waits), 503)
        return None
