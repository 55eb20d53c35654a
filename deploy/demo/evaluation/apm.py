"""Elastic APM: a transaction for each request, and spans for what the model does. It imports Elastic's agent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

from elasticapm import async_capture_span
from starlette.types import ASGIApp, Scope

from evaluation import VERSION
from evaluation.observers import About, Scored, Step
from gateway.runtime.apm import CLOSE_SECONDS
from gateway.runtime.tracing import close_in_time
from gateway.telemetry.apm import ApmApp, close, make_client

SPANS = {Step.PREPROCESS: "data_preprocessing", Step.INFER: "model_inference"}
LABELS = ("model_type", "input_size")


class ApmObserver:
    """`options` are the agent's settings by its own names."""

    def __init__(self, options: Mapping[str, str]) -> None:
        self._client = make_client(options, "causal-evaluation", VERSION, LABELS)

    @asynccontextmanager
    async def step(self, step: Step, about: About) -> AsyncIterator[Scored]:
        if step not in SPANS:
            yield _unscored
            return
        async with async_capture_span(SPANS[step], span_type="ml") as span:
            if span is not None:  # this transaction is one of the sample
                span.label(model_type=about.model_type, input_size=about.input_length)
            yield _unscored

    def around(self, app: ASGIApp) -> ASGIApp:
        return ApmApp(app, self._client, _endpoint_of)

    async def close(self) -> None:
        await close_in_time(partial(close, self._client), CLOSE_SECONDS)


def _endpoint_of(scope: Scope) -> str | None:
    """Return the path where a route has taken it: no path of this service holds anything but its name."""
    return scope["path"] if "endpoint" in scope else None


def _unscored(_score: float) -> None:
    """Leave the score out: spans of APM say what the model was and how much it was asked."""
