"""A server of Elastic APM in this process: it decodes what an agent sends, and checks it against the published schemas.

https://www.elastic.co/docs/solutions/observability/apm/elastic-apm-events-intake-api
"""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.sandbox.server import LocalServer
from tests.support.patience import PATIENCE

SCHEMAS = Path(__file__).parents[3] / "shared/data/specs/elastic-apm"
needs_schemas = pytest.mark.skipif(
    not SCHEMAS.exists(), reason="the published schemas are not here: ../shared/data/specs/elastic-apm"
)
UNPACK = {"gzip": gzip.decompress, "deflate": zlib.decompress, "": bytes}


@dataclass
class ApmReceiver:
    """`events` are what has arrived, each with its kind; with `hangs` it takes requests and answers none, and
    `left` says how many of them were given up.
    """

    url: str = ""
    hangs: bool = False
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    authorization: set[str] = field(default_factory=set)
    asked: int = 0
    left: int = 0

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event for found, event in self.events if found == kind]

    def named(self, name: str) -> list[dict[str, Any]]:
        """The transactions and spans of this name."""
        return [event for _, event in self.events if event.get("name") == name]

    @property
    def text(self) -> str:
        return json.dumps(self.events)

    async def until(self, condition: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0.01)

    async def take(self, request: Request) -> Response:
        self.asked += 1
        if self.hangs:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            self.left += 1
            return Response()
        if request.method == "GET":
            return JSONResponse({"version": "8.17.0"})
        self.authorization.add(request.headers.get("authorization", ""))
        body = UNPACK[request.headers.get("content-encoding", "")](await request.body())
        for line in body.splitlines():
            ((kind, event),) = json.loads(line).items()
            self.events.append((kind, event))
        return Response(status_code=202)


@asynccontextmanager
async def apm_receiver() -> AsyncIterator[ApmReceiver]:
    receiver, server = ApmReceiver(), LocalServer()
    routes = [
        Route("/", receiver.take, methods=["GET"]),
        Route("/intake/v2/events", receiver.take, methods=["POST"]),
    ]
    async with server.running(Starlette(routes=routes), 0):
        receiver.url = server.url
        yield receiver


def faults(events: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """Say what is wrong with events by the schemas of their kinds."""
    return [
        f"{kind}: {error.json_path}: {error.message}"
        for kind, event in events
        for error in _validator(kind).iter_errors(event)
    ]


@cache
def _validator(kind: str) -> Draft7Validator:
    return Draft7Validator(json.loads((SCHEMAS / f"{kind}.json").read_text("utf-8")))
