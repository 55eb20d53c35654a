"""The whole ASGI application: webhooks go straight to their endpoint, other requests to Starlette's routes."""

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
    """The ASGI application: `webhooks` takes the paths of `READERS`, `routes` have all others."""

    def __init__(self, webhooks: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        self._webhooks = webhooks
        handlers = {HTTPException: _refused, Exception: _failed}
        self._rest = Starlette(routes=list(routes), exception_handlers=handlers)
        self._rest.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # A path with a slash too many is taken as it is: Alertmanager drops what is answered by a redirect.
        if scope["type"] == "http" and scope["path"].rstrip("/") in READERS:
            await self._webhooks(scope, receive, send)
        else:
            await self._rest(scope, receive, send)


async def _refused(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail, "field": "", "remedy": ""}, error.status_code, error.headers)


async def _failed(request: Request, error: Exception) -> Response:
    """Log a fault of our own with its traceback, and answer without a word of it."""
    log.error("request_failed", method=request.method, path=request.url.path, exc_info=error)
    return JSONResponse(
        {"error": "a fault of the gateway: its log says more", "field": "", "remedy": ""},
        500,
    )
