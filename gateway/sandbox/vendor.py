"""The common part of all local vendors: the log of calls, faults, the control API and the page that
refreshes itself.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qsl

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gateway.sandbox.faults import Fault, FaultKind, Faults
from gateway.sandbox.server import Cut, LocalServer

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

JsonObject = dict[str, object]
CALLS_KEPT = 20_000

templates = Environment(
    loader=PackageLoader("gateway.sandbox"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(slots=True)
class Call:
    """One request as it arrived, and what became of it."""

    at: datetime
    methods: tuple[str, ...]  # its names, the most telling last
    subjects: tuple[str, ...]
    arguments: JsonObject
    fault: FaultKind | None = None
    outcome: str = "not done"

    @property
    def method(self) -> str:
        return self.methods[-1]


class Vendor(ABC):
    """A vendor on a port of its own, its state in memory."""

    def __init__(self, now: Callable[[], datetime], seed: int) -> None:
        self.now = now
        self.faults = Faults(seed)
        self.calls: deque[Call] = deque(maxlen=CALLS_KEPT)
        self._server = LocalServer()

    @property
    def page_url(self) -> str:
        return f"{self._server.url}/"

    @abstractmethod
    def routes(self) -> Sequence[BaseRoute]:
        """The vendor's own API."""

    @abstractmethod
    def state(self) -> JsonObject:
        """Everything that happened, for the control API."""

    @abstractmethod
    def reset(self) -> None:
        """Forgets what was sent."""

    @abstractmethod
    def page(self, request: Request) -> JsonObject:
        """The values of the page's template."""

    @abstractmethod
    def refuse(self, fault: Fault) -> Response:
        """The vendor's own words for an error code or a rate limit."""

    @property
    @abstractmethod
    def template(self) -> str:
        """File name of the page template; `…_fragment.html` beside it is the part that refreshes."""

    @asynccontextmanager
    async def running(self, port: int) -> AsyncIterator[Self]:
        async with self._server.running(self._app(), port):
            yield self

    async def conduct(self, request: Request, call: Call, act: Callable[[Call], Response]) -> Response:
        """Does the call, unless a fault strikes it."""
        self.calls.append(call)
        fault = self.faults.take(call.methods, call.subjects)
        if fault is None:
            return act(call)
        call.fault = fault.kind
        return await self._strike(fault, request, call, act)

    async def _strike(
        self, fault: Fault, request: Request, call: Call, act: Callable[[Call], Response]
    ) -> Response:
        answers = fault.kind in {FaultKind.STATUS, FaultKind.RATE_LIMIT, FaultKind.ERROR}
        if fault.kind is FaultKind.CUT_AFTER or (answers and fault.acts):
            act(call)
        if answers:
            return self._answer(fault)
        if fault.kind in {FaultKind.LATE, FaultKind.HANG}:
            await self._server.client_gone(request)
        if fault.kind is FaultKind.LATE and not await self._server.closes_within(fault.seconds):
            act(call)
        return Cut(self._server)

    def _answer(self, fault: Fault) -> Response:
        if fault.kind is FaultKind.STATUS:
            return HTMLResponse(f"<html><body><h1>{fault.status}</h1></body></html>", fault.status)
        return self.refuse(fault)

    def _app(self) -> Starlette:
        control = [
            Route("/", self._show),
            Route("/fragment", self._show),
            Route("/_sandbox/state", self._state),
            Route("/_sandbox/calls", self._calls),
            Route("/_sandbox/faults", self._faults, methods=["POST"]),
            Route("/_sandbox/reset", self._reset, methods=["POST"]),
        ]
        return Starlette(routes=[*control, *self.routes()])

    async def _show(self, request: Request) -> Response:
        name = (
            f"{self.template}_fragment.html" if request.url.path == "/fragment" else f"{self.template}.html"
        )
        return HTMLResponse(
            templates.get_template(name).render(self.page(request)), headers={"Cache-Control": "no-store"}
        )

    async def _state(self, _: Request) -> Response:
        return json_response(self.state() | {"faults": self.faults.in_force, "calls": len(self.calls)})

    async def _calls(self, _: Request) -> Response:
        return json_response({"calls": list(self.calls)})

    async def _faults(self, request: Request) -> Response:
        """Replaces the faults in force by the list in the body."""
        try:
            faults = msgspec.json.decode(await request.body(), type=list[Fault])
        except msgspec.DecodeError as error:
            return JSONResponse({"error": f"the body must be a JSON list of faults: {error}"}, 400)
        self.faults.clear()
        self.faults.add(*faults)
        return json_response({"faults": faults})

    async def _reset(self, _: Request) -> Response:
        self.faults.clear()
        self.calls.clear()
        self.reset()
        return json_response({"reset": True})


async def form_of(request: Request) -> dict[str, str]:
    """Return the fields of a form of this page's own: another page in the same browser may not press
    anything.
    """
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return {}
    return dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))


def fields_of(value: DataclassInstance) -> JsonObject:
    """A record's own fields by name, as they are."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def retry_after_header(seconds: int) -> dict[str, str]:
    """Return the headers of a 429; 0 stands for a vendor that does not say when to come again."""
    return {"Retry-After": str(seconds)} if seconds else {}


def json_response(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(value), status, headers, media_type="application/json")
