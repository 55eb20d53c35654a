"""The service's HTTP endpoints."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from anyio import to_thread
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from evaluation.evaluate import Evaluator
from evaluation.graphs import BadGraph
from evaluation.health import Health
from evaluation.metrics import Metrics
from evaluation.models import MODELS
from evaluation.results import DatabaseUnavailable, Results
from evaluation.switches import InjectedFailure, Switches, Wanted
from evaluation.tasks import Difficulty, Domain, Name, Task, TaskType, generate

MOST_BYTES = 64 << 10
Shape = TypeVar("Shape")


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `POST /evaluate` takes; `GET /models` lists the models."""

    model_id: Name
    organization: Name
    task: Task


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `POST /generate` takes; the same seed makes the same task."""

    task_type: TaskType
    difficulty: Difficulty = Difficulty.EASY
    domain: Domain = Domain.OPERATIONS
    seed: int = 0


class Feedback(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What `POST /feedback` takes."""

    feature: Literal["evaluate", "generate", "analyse"]
    score: Annotated[int, msgspec.Meta(ge=1, le=5)]


@dataclass(frozen=True)
class Endpoints:
    """One method each; `switches` is None where they are not to be reached."""

    evaluator: Evaluator
    health: Health
    metrics: Metrics
    results: Results
    switches: Switches | None

    def app(self) -> ASGIApp:
        routes = [
            Route("/evaluate", self._evaluate, methods=["POST"]),
            Route("/generate", self._generate, methods=["POST"]),
            Route("/analysis", self._analysis),
            Route("/models", self._models),
            Route("/feedback", self._feedback, methods=["POST"]),
            Route("/health", self._health),
            Route("/health/deep", self._deep_health),
            Route("/metrics", self._metrics),
        ]
        if self.switches is not None:
            routes.append(Route("/switches", self._switches, methods=["GET", "POST"]))
        handlers: dict[Any, Any] = {
            BadGraph: _refuse(422),
            InjectedFailure: _refuse(500),
            DatabaseUnavailable: _refuse(503),
            _BadRequest: _bad_request,
        }
        app = Starlette(routes=routes, exception_handlers=handlers, lifespan=self._lifespan)
        return self.evaluator.observers.around(app)

    @asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        # Not after uvicorn has stopped: it ends the process by the signal that stopped it.
        yield
        await self.evaluator.observers.close()

    async def _evaluate(self, request: Request) -> Response:
        asked = await _body(request, Asked)
        model = MODELS.get(asked.model_id)
        if model is None:
            raise _BadRequest(
                404, f"model_id: there is no {asked.model_id!r}; choose one of {', '.join(MODELS)}"
            )
        return _json(await self.evaluator.evaluate_causal_reasoning(asked.task, model, asked.organization))

    async def _generate(self, request: Request) -> Response:
        kind = await _body(request, Kind)
        return _json(generate(kind.task_type, kind.difficulty, kind.domain, kind.seed))

    async def _analysis(self, _request: Request) -> Response:
        found = await to_thread.run_sync(self.results.accuracies)
        rows = [
            {
                "model": row.model,
                "task_type": row.task_type,
                "asked": row.asked,
                "accuracy": row.score / row.asked,
            }
            for row in found
        ]
        return _json({"models": rows})

    async def _models(self, _request: Request) -> Response:
        return _json(
            {
                "models": [
                    {"model_id": model.model_id, "model_type": model.model_type} for model in MODELS.values()
                ]
            }
        )

    async def _feedback(self, request: Request) -> Response:
        said = await _body(request, Feedback)
        self.metrics.said(said.feature, said.score)
        return Response(status_code=204)

    async def _health(self, _request: Request) -> Response:
        return _of_health(await self.health.shallow())

    async def _deep_health(self, _request: Request) -> Response:
        return _of_health(await self.health.deep())

    async def _metrics(self, request: Request) -> Response:
        shown, content_type = self.metrics.render(request.headers.get("accept", ""))
        return Response(shown, headers={"content-type": content_type})

    async def _switches(self, request: Request) -> Response:
        assert self.switches is not None
        if request.method == "POST":
            await to_thread.run_sync(self.switches.set, await _body(request, Wanted))
        dies = BackgroundTask(self.switches.die) if self.switches.stand.death else None
        return _json(self.switches.stand, background=dies)


class _BadRequest(Exception):
    """A request that is refused before anything is done; the message names the place and the remedy."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


async def _body(request: Request, shape: type[Shape]) -> Shape:
    """Read a JSON body. Only `application/json` is taken, which a page of another site cannot send by itself."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise _BadRequest(415, "the body is not JSON; send it as content-type: application/json")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise _BadRequest(413, f"the body is over {MOST_BYTES >> 10} KiB; ask about a smaller graph")
    try:
        return msgspec.json.decode(bytes(body), type=shape)
    except msgspec.DecodeError as error:
        raise _BadRequest(400, f"{error}; docs/monitoring.md says what is taken") from error


def _json(value: Any, status: int = 200, background: BackgroundTask | None = None) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json", background=background)


def _of_health(found: dict[str, Any]) -> Response:
    return _json(found, 503 if found["status"] == "unhealthy" else 200)


def _refuse(status: int) -> Any:
    async def answer(_request: Request, error: Exception) -> Response:
        return _json({"error": str(error)}, status)

    return answer


async def _bad_request(_request: Request, error: Exception) -> Response:
    assert isinstance(error, _BadRequest)
    return _json({"error": str(error)}, error.status)
