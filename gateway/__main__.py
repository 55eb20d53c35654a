"""`gateway …`: the commands. Thin: each says what it needs, calls one function and prints.

Exit codes: 0 all is well, 1 findings, 2 wrong usage or settings.
"""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import sys
from collections.abc import Coroutine
from dataclasses import asdict
from typing import Any, TypeVar

import click
import structlog
from rich.console import Console

from gateway.app import running
from gateway.cli.controls import _ordering
from gateway.cli.demo import run_demo
from gateway.cli.incidents import dead_letters, incidents, quarantine
from gateway.cli.rules import FINDINGS, INSPECTING
from gateway.cli.silences import silence
from gateway.clock import utc_ms
from gateway.config.environment import Environment, from_process
from gateway.diagnostics.destination_check import page_test
from gateway.diagnostics.doctor import Mark, examine_everything
from gateway.errors import BadRules, BadSettings, GatewayError
from gateway.inbound.server import make_server
from gateway.model.rules.rulebook import Rulebook
from gateway.rules.files import load_rules
from gateway.runtime.store import open_store
from gateway.storage.reshard import Records, migrate
from gateway.telemetry.logging import configure_logging

try:
    from uvloop import new_event_loop
except ImportError:  # it has no build for Windows
    new_event_loop = None  # type: ignore[assignment]

log = structlog.get_logger("gateway.settings")

T = TypeVar("T")

USAGE, TERMINATED = 2, 143

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="alert-gateway", prog_name="gateway")
def cli() -> None:
    """What happens between Prometheus Alertmanager and the people on call."""


def main() -> None:
    """The console script: expected errors are a line for people, never a traceback."""
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(USAGE)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
    except BadRules as error:
        err.print(str(error), markup=False)
        sys.exit(FINDINGS)
    except GatewayError as error:
        err.print(f"gateway: {error}", markup=False)
        sys.exit(USAGE if isinstance(error, BadSettings) else FINDINGS)


@cli.command()
def serve() -> None:
    """Run the gateway; settings come from the environment."""
    environment = from_process()
    settings = environment.settings
    configure_logging(settings.log, settings.log_level, environment.secrets())
    for warning in environment.warnings:
        log.warning("setting_renamed", remedy=warning)
    _run(_serve(environment))


async def _serve(environment: Environment) -> None:
    async with running(environment) as gateway:
        gc.freeze()  # modules and rules stay, and the values of a webhook hold no cycles: looking for some seldom finds any
        gc.set_threshold(50_000, 20, 50)
        server = make_server(gateway.asgi_app, environment.settings.host, environment.settings.port)
        await server.serve()


def _run(work: Coroutine[Any, Any, T]) -> T:
    """On uvloop, where the platform has it."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        try:
            return runner.run(_until_told(work))
        except asyncio.CancelledError:
            sys.exit(TERMINATED)


async def _until_told(work: Coroutine[Any, Any, T]) -> T:
    """SIGTERM ends it as Ctrl-C does: what was begun is stopped in order, whenever it comes."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await work


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="for machines")
def doctor(*, as_json: bool) -> None:
    """Look at everything that the gateway needs: settings, rules, store, credentials, and the running gateway."""
    findings = asyncio.run(examine_everything(from_process()))
    if as_json:
        click.echo(json.dumps([asdict(one) for one in findings], indent=2))
    else:
        for one in findings:
            click.echo(f"{one.mark.value:5} {one.what}: {one.said}")
    if any(one.mark is Mark.BAD for one in findings):
        sys.exit(FINDINGS)


@cli.command(name="page-test")
@click.argument("destination")
def page_test_command(destination: str) -> None:
    """Tell a destination that a test fires, and that it ended: does a message arrive, does a phone ring?"""
    environment = from_process()
    steps = asyncio.run(page_test(environment, destination))
    for one in steps:
        click.echo(f"{one.mark.value:5} {one.what}: {one.said}")
    if any(one.mark is Mark.BAD for one in steps):
        sys.exit(FINDINGS)


@cli.command()
@click.option("--exit", "then_exit", is_flag=True, help="end after the scenario, with a summary as the last line")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    default=20.0,
    show_default=True,
    help="how much faster than life the storm is played",
)
def demo(*, then_exit: bool, speed: float) -> None:
    """The gateway with a local Slack and PagerDuty, and a recorded storm to watch. No account needed."""
    if not _run(run_demo(click.echo, then_exit=then_exit, speed=speed)):
        sys.exit(FINDINGS)


@cli.command(name="migrate")
def migrate_command() -> None:
    """Lay the store out anew, as GATEWAY_SHARDS and partition_by of the rules say. All gateways have to be stopped."""
    environment = from_process()
    for warning in environment.warnings:
        err.print(warning, markup=False)
    loaded = load_rules(environment.settings.rules, utc_ms())
    if loaded.rulebook is None:
        raise BadRules("\n".join(str(one) for one in loaded.errors))
    done = asyncio.run(_migrate(environment, loaded.rulebook))
    if done is None:
        click.echo("nothing to do: the store is laid out like that")
    else:
        click.echo(f"{done.layout}: {len(done.alerts)} alerts, {len(done.incidents)} incidents, {len(done.agenda)} subjects")


async def _migrate(environment: Environment, rules: Rulebook) -> Records | None:
    async with open_store(environment.settings) as client:
        return await migrate(client, rules, environment.settings.shards)


ASKING = (
    incidents,
    silence,
    quarantine,
    dead_letters,
    _ordering("pause", "Page nobody for a while, critical alerts included. What fires is shown where it always is."),
    _ordering(
        "bypass", "Suppress nothing for a while: no silence, inhibition, maintenance or mute keeps anything from being told."
    ),
)

for command in (*INSPECTING, *ASKING):
    cli.add_command(command)


if __name__ == "__main__":
    main()
