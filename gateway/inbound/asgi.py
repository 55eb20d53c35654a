"""The whole HTTP face: webhooks go straight to their door, everything else through Starlette's routing."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.inbound.webhooks.alertmanager import READERS

log = structlog.get_logger("gateway.http")


class AsgiApp:
    """An ASGI application."""

    def __init__(self, door: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        self._door = door
        handlers = {HTTPException: _refused, Exception: _failed}
        self._rest = Starlette(routes=list(routes), exception_handlers=handlers)
        self._rest.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].rstrip("/") in READERS:  # a redirect would lose the body
            await self._door(scope, receive, send)
        else:
            await self._rest(scope, receive, send)


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail, "field": "", "remedy": ""}, error.status_code, error.headers)


async def _failed(request: Request, error: Exception) -> Response:
    """The HTTP boundary: a fault of ours is logged whole and answered without a trace of it."""
    log.error("request_failed", method=request.method, path=request.url.path, exc_info=error)
    return JSONResponse({"error": "a fault of the gateway: its log says more", "field": "", "remedy": ""}, 500)
