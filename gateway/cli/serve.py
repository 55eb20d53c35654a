"""`gateway serve`: the gateway itself."""

from __future__ import annotations

import asyncio
import gc
from importlib.metadata import version

import click
import structlog

from gateway.app import Gateway, running
from gateway.cli.event_loop import run_until_stopped
from gateway.cli.options import examples
from gateway.config.data_dir import keep_files_private, narrow
from gateway.config.environment import Environment, from_process
from gateway.inbound.doorway import Doorway
from gateway.inbound.server import address_of, bind, make_server, raise_descriptor_limit
from gateway.runtime.apm import reporting
from gateway.runtime.service_manager import ServiceManager
from gateway.runtime.store_watch import StoreWatch
from gateway.telemetry.logging import configure_logging

log = structlog.get_logger("gateway.settings")

# Thresholds of the three generations of the cycle collector (`gc.set_threshold`); Python's own are 700, 10,
# 10.
GC_THRESHOLDS = (50_000, 20, 50)


@click.command(
    epilog=examples(
        "gateway serve",
        "GATEWAY_LISTEN=127.0.0.1:9200 GATEWAY_RULES=/etc/alert-gateway/rules gateway serve",
    )
)
def serve() -> None:
    """Run the gateway; settings come from the environment."""
    environment = from_process()
    settings = environment.settings
    configure_logging(settings.log, settings.log_level, environment.secrets(), sample=settings.log_sample)
    for warning in environment.renamed:
        log.warning("setting_renamed", remedy=warning)
    for warning in environment.empty:
        log.warning("setting_empty", remedy=warning)
    for warning in environment.twice:
        log.warning("setting_twice", remedy=warning)
    for warning in environment.not_granted:
        log.warning("rule_secret_refused", remedy=warning)
    for warning in environment.away:
        log.warning("secret_unreadable", error=warning)
    run_until_stopped(_serve(environment))


async def _serve(environment: Environment) -> None:
    """Listen first, so that a process that can be asked says that its port is taken or the store away."""
    watch = StoreWatch()
    # Where the store is, the log says; whoever can reach the port need not know.
    doorway = Doorway(lambda: watch.reason, version("alert-gateway"))
    raise_descriptor_limit()
    # Before anything is written there: alerts and a token are no other user's business.
    keep_files_private()
    narrow(environment.settings.data_dir)
    listeners = bind(environment.settings.host, environment.settings.port)
    _take_admin_token(environment)
    server = make_server(doorway)
    serving = asyncio.create_task(server.serve(listeners))
    manager = ServiceManager(environment.service_manager)
    manager.listening()
    beats = asyncio.create_task(manager.beat())
    address = address_of(listeners[0])
    work = asyncio.create_task(_work(environment, doorway, watch, address, serving, manager))
    # A signal ends the server. If the gateway still starts then, it must not go on waiting for its store.
    serving.add_done_callback(lambda _: None if doorway.is_open else work.cancel())
    serving.add_done_callback(lambda _: manager.stopping())
    try:
        await work
    except asyncio.CancelledError:
        # A signal before the store was there is a stop like any other: nothing was taken that could be lost.
        if not work.cancelled() or not serving.done():
            raise
    finally:
        server.should_exit = True
        await serving
        beats.cancel()
    log.info("stopped")


async def _work(
    environment: Environment,
    doorway: Doorway,
    watch: StoreWatch,
    address: str,
    serving: asyncio.Task[None],
    manager: ServiceManager,
) -> None:
    """Run the gateway behind the doorway until the server has stopped and has answered every webhook."""
    async with (
        reporting(environment.apm) as reporter,
        running(environment, watch=watch, reporter=reporter) as gateway,
    ):
        # Modules and rules stay for good, and the values of a webhook hold no cycles: a search seldom finds
        # any.
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        doorway.open(reporter.around(gateway.asgi_app, gateway.asgi_app.endpoint_of))
        _say_ready(environment, gateway, address)
        manager.working(address)
        await asyncio.wait({serving})


def _take_admin_token(environment: Environment) -> None:
    """Make an admin token where none is set, and say where it is; never what it is."""
    kept = environment.make_admin_token()
    if kept is None:
        return
    if kept.problem:
        # Alerts are told all the same; until this is mended nobody can silence, acknowledge or look.
        log.error(
            "admin_token_not_kept",
            path=str(kept.path),
            error=kept.problem,
            remedy="set GATEWAY_ADMIN_TOKEN, or let the gateway write into GATEWAY_DATA_DIR",
        )
    else:
        log.info("admin_token_kept", path=str(kept.path))


def _say_ready(environment: Environment, gateway: Gateway, address: str) -> None:
    rules = gateway.reloader.in_force.rules
    log.info(
        "gateway_ready",
        address=address,
        rules_path=str(environment.settings.rules),
        contents=rules.contents,
        rules=rules.revision,
        destinations=list(rules.destinations),
        missing=sorted(
            {*gateway.health.worries.unset().values(), *gateway.health.worries.refused().values()}
        ),
        version=version("alert-gateway"),
    )
