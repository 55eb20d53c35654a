"""The routes of `/api/v1`, for people, scripts and the commands. The other files here list its operations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.errors import StateUnavailable
from gateway.inbound.api.incident_models import Problem
from gateway.inbound.api.openapi import Operation, describe
from gateway.inbound.api.requests import Refusal, answer
from gateway.inbound.auth import Tokens

NO_TOKEN = Problem(
    error="a valid admin token is required",
    remedy="authorization: Bearer …, with GATEWAY_ADMIN_TOKEN",
)


@dataclass(frozen=True, slots=True)
class Api:
    """The operations behind the admin token, and the document that describes them."""

    operations: Sequence[Operation]
    tokens: Tokens
    version: str = "1"

    def routes(self) -> list[Route]:
        document = describe(self.operations, self.version)

        async def openapi(_request: Request) -> Response:
            return JSONResponse(document)

        described = Route("/api/v1/openapi.json", openapi, methods=["GET"])
        return [described, *map(self._route, self.operations)]

    def _route(self, operation: Operation) -> Route:
        return Route(operation.path, self._endpoint(operation), methods=[operation.method])

    def _endpoint(self, operation: Operation) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            if not self.tokens.allow(request.headers.get("authorization")):
                return answer(NO_TOKEN, 401, {"www-authenticate": "Bearer"})
            try:
                return answer(await operation.handler(request))
            except Refusal as refusal:
                return answer(refusal.problem, refusal.status)
            except StateUnavailable as error:
                return answer(Problem(error=str(error), remedy="try again"), 503, {"retry-after": "1"})

        return endpoint
