"""The routes of `/api/v1`, for people, scripts and the commands. The other files here list its operations."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.errors import StateUnavailable
from gateway.inbound.api.incident_models import Problem
from gateway.inbound.api.openapi import Operation, describe
from gateway.inbound.api.requests import Refusal, answer, only
from gateway.inbound.auth import Tokens

Endpoint = Callable[[Request], Awaitable[Response]]

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
        by_path: dict[str, dict[str, Endpoint]] = {}
        for operation in self.operations:
            by_path.setdefault(operation.path, {})[operation.method] = self._endpoint(operation)
        # One route a path: where a method is refused, `Allow` names all that the path has.
        return [
            described,
            *(Route(path, _by_method(found), methods=list(found)) for path, found in by_path.items()),
        ]

    def _endpoint(self, operation: Operation) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            if not self.tokens.allow(request.headers.get("authorization")):
                return answer(NO_TOKEN, 401, {"www-authenticate": "Bearer"})
            try:
                only(request, operation.query)
                return answer(await operation.handler(request))
            except Refusal as refusal:
                return answer(refusal.problem, refusal.status)
            except StateUnavailable as error:
                return answer(Problem(error=str(error), remedy="try again"), 503, {"retry-after": "1"})

        return endpoint


def _by_method(endpoints: Mapping[str, Endpoint]) -> Endpoint:
    """Return the endpoint of a path, which a request reaches by its method. HEAD is GET without its body."""

    async def endpoint(request: Request) -> Response:
        return await endpoints["GET" if request.method == "HEAD" else request.method](request)

    return endpoint
