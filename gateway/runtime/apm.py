"""Elastic APM around the gateway's work, where it is asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from importlib.util import find_spec
from typing import Protocol

import structlog
from starlette.types import ASGIApp, Scope

from gateway.config.apm import VARIABLES, Apm
from gateway.config.environment import hidden_from_libraries
from gateway.ports.spans import Spans
from gateway.runtime.tracing import close_in_time

CLOSE_SECONDS = 1.0  # at the end, for what was not sent yet: the agent by itself would wait ten
INSTALL = "pip install '.[apm]' in a checkout"

log = structlog.get_logger("gateway.apm")


class Reporter(Protocol):
    """Reports what the gateway does."""

    def around(self, app: ASGIApp, endpoint_of: Callable[[Scope], str | None]) -> ASGIApp:
        """Return an application around another one that reports its requests; see `ApmApp`."""
        ...

    def spans(self, traced: Spans | None) -> Spans | None:
        """Return what begins spans beside those of OpenTelemetry; see `ReportedSpans`."""
        ...


class Unreported:
    """Reports nothing, since nobody has asked for APM."""

    def around(self, app: ASGIApp, endpoint_of: Callable[[Scope], str | None]) -> ASGIApp:
        del endpoint_of
        return app

    def spans(self, traced: Spans | None) -> Spans | None:
        return traced


UNREPORTED: Reporter = Unreported()


@asynccontextmanager
async def reporting(asked: Apm) -> AsyncIterator[Reporter]:
    """Yield what reports, and send what is left at the end.

    Where nobody asks for it, where its address must not be used and where the agent is not installed,
    nothing is reported: alerts are told without APM, too.
    """
    for warning in asked.warnings:
        log.warning("telemetry_setting", remedy=warning)
    settings = asked.settings
    if settings is None:
        yield UNREPORTED
        return
    if find_spec("elasticapm") is None:
        log.error(
            "apm_not_installed",
            problem=f"{settings.asked_by} asks for Elastic APM, and its agent is not installed",
            remedy=f"{INSTALL}, or take {settings.asked_by} away",
        )
        yield UNREPORTED
        return
    # Imported here: whoever has not asked for APM has not Elastic's agent in the process.
    from gateway.telemetry import apm_spans

    with hidden_from_libraries(VARIABLES):
        reporter = apm_spans.make_reporter(settings.options, version("alert-gateway"))
    try:
        yield reporter
    finally:
        await close_in_time(reporter.close, CLOSE_SECONDS)
