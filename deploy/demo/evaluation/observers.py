"""Who watches the steps of an evaluation: OpenTelemetry and Elastic APM where the environment asks for them, else nobody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from importlib.util import find_spec
from typing import Protocol

import structlog
from starlette.types import ASGIApp

from gateway.config.apm import VARIABLES, read_apm
from gateway.config.environment import hidden_from_libraries
from gateway.config.otlp import read_otlp

Scored = Callable[[float], None]
"""Is called with the score of an answer."""

log = structlog.get_logger("evaluation")


class Step(StrEnum):
    """The whole, and its parts in their order."""

    EVALUATE = "evaluate_causal_reasoning"
    PREPROCESS = "preprocess_input"
    INFER = "model_inference"
    POSTPROCESS = "postprocess_result"


@dataclass(frozen=True)
class About:
    """What spans say of an evaluation; `input_length` is that of the task as JSON, in bytes."""

    task_id: str
    input_length: int
    model_type: str


class Observer(Protocol):
    """Sees each step from its begin to its end."""

    def step(self, step: Step, about: About) -> AbstractAsyncContextManager[Scored]: ...

    def around(self, app: ASGIApp) -> ASGIApp:
        """Return the application with what has to be done at the begin and the end of each request."""
        ...

    async def close(self) -> None:
        """Send what was not sent yet, for a few seconds at most."""
        ...


class Observers:
    """All of them as one."""

    def __init__(self, observers: Sequence[Observer] = ()) -> None:
        self._observers = observers

    @asynccontextmanager
    async def step(self, step: Step, about: About) -> AsyncIterator[Scored]:
        async with AsyncExitStack() as stack:
            entered = [
                await stack.enter_async_context(observer.step(step, about)) for observer in self._observers
            ]

            def scored(score: float) -> None:
                for say in entered:
                    say(score)

            yield scored

    def around(self, app: ASGIApp) -> ASGIApp:
        for observer in self._observers:
            app = observer.around(app)
        return app

    async def close(self) -> None:
        for observer in self._observers:
            await observer.close()


def observers_of(variables: Mapping[str, str]) -> Observers:
    """Return those that the environment asks for, by the variables by which the gateway is asked, too.

    What nobody asks for is not imported, and what is not installed is said in the log: evaluations go on without.
    """
    found: list[Observer] = []
    otlp, apm = read_otlp(variables, variables.get), read_apm(variables, variables.get)
    for warning in (*otlp.warnings, *apm.warnings):
        log.warning("telemetry_setting", remedy=warning)
    if otlp.traces is not None and _installed("opentelemetry", "tracing"):
        from evaluation.tracing import TracingObserver

        found.append(TracingObserver(otlp.traces))
    if apm.settings is not None and _installed("elasticapm", "apm"):
        from evaluation.apm import ApmObserver

        with hidden_from_libraries(VARIABLES):
            found.append(ApmObserver(apm.settings.options))
    return Observers(found)


def _installed(package: str, extra: str) -> bool:
    if find_spec(package) is not None:
        return True
    log.error(
        "observer_not_installed",
        missing=package,
        remedy=f"pip install '.[{extra}]' in a checkout of the gateway",
    )
    return False
