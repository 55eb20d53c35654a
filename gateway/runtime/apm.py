"""Elastic APM around the gateway's ASGI application, where it is asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec

import structlog
from starlette.types import ASGIApp, Scope

from gateway.config.apm import ApmSettings
from gateway.config.loopback import is_on_this_machine
from gateway.runtime.tracing import close_in_time

Around = Callable[[ASGIApp, Callable[[Scope], str | None]], ASGIApp]
"""Puts an application into another one that reports its requests; see `ApmApp`."""

CLOSE_SECONDS = 1.0  # at the end, for what was not sent yet: the agent by itself would wait ten
INSTALL = "pip install 'alert-gateway[apm]'"

log = structlog.get_logger("gateway.apm")


@asynccontextmanager
async def reporting(settings: ApmSettings | None) -> AsyncIterator[Around]:
    """Yield what wraps the application, and send what is left at the end.

    Without `settings`, and where the agent is not installed, it wraps nothing: alerts are told without APM, too.
    """
    if settings is None:
        yield _unreported
        return
    if find_spec("elasticapm") is None:
        log.error(
            "apm_not_installed",
            problem=f"{settings.asked_by} asks for Elastic APM, and its agent is not installed",
            remedy=f"{INSTALL}, or take {settings.asked_by} away",
        )
        yield _unreported
        return
    if settings.server_url.startswith("http:") and not is_on_this_machine(settings.server_url):
        log.warning("apm_in_clear", remedy=f"{settings.asked_by}: give an address that begins with https://")
    # Imported here: whoever has not asked for APM has not Elastic's agent in the process.
    from gateway.telemetry.apm import ApmApp, close, make_client

    client = make_client(settings.options, "alert-gateway", version("alert-gateway"))
    try:
        yield lambda app, endpoint_of: ApmApp(app, client, endpoint_of)
    finally:
        await close_in_time(partial(close, client), CLOSE_SECONDS)


def _unreported(app: ASGIApp, _endpoint_of: Callable[[Scope], str | None]) -> ASGIApp:
    return app
