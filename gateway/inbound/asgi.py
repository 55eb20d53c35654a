"""The whole ASGI application: webhooks go straight to their endpoint, all else to Starlette's routes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.clock import elapsed_seconds
from gateway.inbound.webhooks.body import header
from gateway.inbound.webhooks.unknown_senders import READING
from gateway.model.turned_away import PATH_REMEDY, WEBHOOK_PATHS, TurnedAwayReason
from gateway.ports.spans import Spans
from gateway.telemetry.http_metrics import UNTRACED

log = structlog.get_logger("gateway.http")

WrongPlace = Callable[[Scope, int, TurnedAwayReason], None]
# The endpoint as the router has it (None: there is none), the method, the status and the seconds
Answered = Callable[[str | None, str, int, float], None]

API_REMEDY = "GET /api/v1/openapi.json lists the paths and methods of the API"
WRONG_PLACE = {404: TurnedAwayReason.NOT_FOUND, 405: TurnedAwayReason.METHOD}


class AsgiApp:
    """The ASGI application: `webhooks` takes the paths of `WEBHOOK_PATHS`, `routes` have all others.

    `wrong_place` is told of what may have been a webhook, and went to a path that takes none; `answered` of
    every request. `spans` begins the span of each, where there is tracing.
    """

    def __init__(
        self,
        webhooks: ASGIApp,
        routes: Sequence[BaseRoute],
        wrong_place: WrongPlace,
        answered: Answered,
        spans: Spans | None = None,
    ) -> None:
        self._webhooks = webhooks
        self._wrong_place = wrong_place
        self._answered = answered
        self._spans = spans
        self._routes = [route for route in routes if isinstance(route, Route)]
        handlers = {HTTPException: self._refused, Exception: _failed}
        self._rest = Starlette(routes=list(routes), exception_handlers=handlers)
        self._rest.router.redirect_slashes = False
        self.paths = (*WEBHOOK_PATHS, *(route.path for route in self._routes))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._rest(scope, receive, send)
            return
        if self._spans is None or scope["path"] in UNTRACED:
            await self._answer(scope, receive, send)
            return
        parent, state = (header(scope, name).decode("latin-1") for name in (b"traceparent", b"tracestate"))
        span = self._spans.serve("request", parent, state)
        if span is None:
            await self._answer(scope, receive, send)
            return
        with span.current():
            try:
                await self._answer(scope, receive, send)
            finally:
                span.end()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, status = elapsed_seconds(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)  # the body's messages have none
            await send(message)

        # A path with a slash too many is taken as it is: Alertmanager drops what is answered by a redirect.
        webhook = scope["path"].rstrip("/")
        try:
            await (self._webhooks if webhook in WEBHOOK_PATHS else self._rest)(scope, receive, sending)
        finally:
            endpoint, took = self.endpoint_of(scope), elapsed_seconds() - started
            self._answered(endpoint, scope["method"], status, took)
            # Anybody may cause such a line. A webhook has lines of its own, which are bounded
            # where they have to be.
            if endpoint not in WEBHOOK_PATHS:
                facts = {"method": scope["method"], "status": status, "seconds": round(took, 3)}
                if status >= HTTPStatus.INTERNAL_SERVER_ERROR and _is_an_act(scope["method"], endpoint):
                    # What somebody with a token wanted done is not done.
                    log.warning("request_answered", endpoint=endpoint, **facts)
                else:
                    log.debug("request_answered", endpoint=endpoint, **facts)

    def endpoint_of(self, scope: Scope) -> str | None:
        """Return the path of an answered request as the router has it; None where it led nowhere."""
        webhook: str = scope["path"].rstrip("/")
        if webhook in WEBHOOK_PATHS:
            return webhook
        found = scope.get("endpoint")  # Starlette leaves it there
        return next(
            (
                route.path
                for route in self._routes
                if route.endpoint == found and route.path_regex.match(scope["path"])
            ),
            None,
        )

    async def _refused(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        refused = {"error": error.detail, "field": "", "remedy": API_REMEDY}
        headers = dict(error.headers or {})
        # A reader of pages who errs sees the answer. A sender of webhooks
        # drops its alerts, and nobody sees that.
        if request.method not in READING and (reason := WRONG_PLACE.get(error.status_code)) is not None:
            self._wrong_place(request.scope, error.status_code, reason)
            refused |= {"field": "path", "remedy": PATH_REMEDY}
            headers["connection"] = "close"  # the body is not read
        return JSONResponse(refused, error.status_code, headers)


def _is_an_act(method: str, endpoint: str | None) -> bool:
    return method not in READING and (endpoint or "").startswith("/api/")


async def _failed(request: Request, error: Exception) -> Response:
    """Log a fault of our own with its traceback, and answer without a word of it."""
    log.error("request_failed", method=request.method, path=request.url.path, exc_info=error)
    return JSONResponse(
        {"error": "a fault of the gateway: its log says more", "field": "", "remedy": ""},
        500,
    )
