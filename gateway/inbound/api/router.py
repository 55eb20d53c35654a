"""The routes of `/api/v1`, for people, scripts and the commands. The other files here list its operations."""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.errors import StateUnavailable
from gateway.inbound.api.incident_models import Problem
from gateway.inbound.api.openapi import Operation, describe
from gateway.inbound.api.requests import CALLER, Refusal, answer, only
from gateway.inbound.auth import HOW_TO_ASK, Callers
from gateway.inbound.browsers import OwnAddresses, refused_to_browsers
from gateway.inbound.refused import Door, RefusedRequests, Why
from gateway.inbound.strangers import show_token
from gateway.model.people import Caller, Role

Endpoint = Callable[[Request], Awaitable[Response]]

NO_TOKEN = Problem(error="a valid token is required", remedy=HOW_TO_ASK)


def _wants_role(needed: Role, caller: Caller) -> Problem:
    error = f"this takes the role {needed}, and the token of {caller.person} has {caller.role}"
    return Problem(
        error=error, remedy=f"ask somebody who may, or for a token: gateway token add NAME {needed}"
    )


@dataclass(frozen=True, slots=True)
class Api:
    """The operations behind the admin token, and the document that describes them."""

    operations: Sequence[Operation]
    callers: Callers
    own: OwnAddresses
    refused: RefusedRequests
    version: str = "1"

    def routes(self) -> list[Route]:
        @cache
        def document() -> dict[str, Any]:
            return describe(self.operations, self.version)

        async def openapi(request: Request) -> Response:
            # To describe all operations takes longer than a webhook may wait.
            return self._not_for_browsers(request) or JSONResponse(await to_thread(document))

        described = Route("/api/v1/openapi.json", openapi, methods=["GET"])
        by_path: dict[str, dict[str, Endpoint]] = {}
        for operation in self.operations:
            by_path.setdefault(operation.path, {})[operation.method] = self._endpoint(operation)
        # One route a path: where a method is refused, `Allow` names all that the path has.
        return [
            described,
            *(Route(path, _by_method(found), methods=list(found)) for path, found in by_path.items()),
        ]

    def _not_for_browsers(self, request: Request) -> Response | None:
        """Answer a request that a browser may not send for a page; None for any other."""
        found = refused_to_browsers(request, self.own)
        if found is None:
            return None
        status, problem = found
        self.refused.refused(request, Door.API, status, Why(problem.field))
        return answer(problem, status)

    def _endpoint(self, operation: Operation) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            # A page of somebody else's is refused whatever it shows: it acts through a person's browser.
            if (not_for_browsers := self._not_for_browsers(request)) is not None:
                return not_for_browsers
            caller = self.callers.who(request.headers.get("authorization"))
            if caller is None:
                self.refused.token_refused(request, Door.API)
                return answer(NO_TOKEN, 401, {"www-authenticate": "Bearer"})
            if not self.callers.open:
                show_token(request.scope)
            if not caller.role.may(operation.needs):
                self.refused.refused(request, Door.API, 403, Why.ROLE, caller.person)
                return answer(_wants_role(operation.needs, caller), 403)
            request.scope[CALLER] = caller
            try:
                only(request, operation.query)
                found = await operation.handler(request)
                return found if isinstance(found, Response) else answer(found)
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
