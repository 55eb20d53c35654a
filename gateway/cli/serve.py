"""`gateway serve`: the gateway itself."""

from __future__ import annotations

import gc

import click
import structlog

from gateway.app import running
from gateway.cli.event_loop import run_until_stopped
from gateway.config.environment import Environment, from_process
from gateway.inbound.server import make_server
from gateway.telemetry.logging import configure_logging

log = structlog.get_logger("gateway.settings")

# Thresholds of the three generations of the cycle collector (`gc.set_threshold`); Python's own are 700, 10,
# 10.
GC_THRESHOLDS = (50_000, 20, 50)


@click.command()
def serve() -> None:
    """Run the gateway; settings come from the environment."""
    environment = from_process()
    settings = environment.settings
    configure_logging(settings.log, settings.log_level, environment.secrets())
    for warning in environment.warnings:
        log.warning("setting_renamed", remedy=warning)
    run_until_stopped(_serve(environment))


async def _serve(environment: Environment) -> None:
    async with running(environment) as gateway:
        # Modules and rules stay for good, and the values of a webhook hold no cycles: a search seldom finds
        # any.
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        server = make_server(gateway.asgi_app, environment.settings.host, environment.settings.port)
        await server.serve()
        # Without this line a clean stop would look like a crash in the log.
        log.info("stopping")
