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
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console

from gateway.app import running
from gateway.asking import ASKING
from gateway.clock import utc_ms
from gateway.demo import run_demo
from gateway.doctor import Mark, examine_everything
from gateway.environment import Environment, from_process
from gateway.errors import BadRules, BadSettings, BadWebhook, GatewayError
from gateway.explain import Explanation, explain
from gateway.inbound.server import make_server
from gateway.migrate import Records, migrate
from gateway.model.rulebook import Rulebook
from gateway.opening import stored
from gateway.outbound.webhook_body import body_schema
from gateway.page_test import page_test
from gateway.storage.rule_files import load_rules, rules_schema
from gateway.telemetry.logging import configure_logging

try:
    from uvloop import new_event_loop
except ImportError:  # it has no build for Windows
    new_event_loop = None  # type: ignore[assignment]

T = TypeVar("T")

FINDINGS, USAGE, TERMINATED = 1, 2, 143

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
    _run(_serve(environment))


async def _serve(environment: Environment) -> None:
    async with running(environment) as gateway:
        gc.freeze()  # modules and rules stay, and the values of a webhook hold no cycles: looking for some seldom finds any
        gc.set_threshold(50_000, 20, 50)
        server = make_server(gateway.front, environment.settings.host, environment.settings.port)
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
@click.argument("rules", required=False, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="for machines")
@click.option("--schema", is_flag=True, help="print a JSON Schema of the rule language, for editors")
@click.option("--webhook-schema", is_flag=True, help="print a JSON Schema of what webhook destinations are sent")
def check(rules: Path | None, *, as_json: bool, schema: bool, webhook_schema: bool) -> None:
    """Check rule files: every finding as file:line:column: message."""
    if schema or webhook_schema:
        click.echo(json.dumps(rules_schema() if schema else body_schema(), indent=2))
        return
    loaded = load_rules(rules or from_process().settings.rules, utc_ms())
    if as_json:
        click.echo(json.dumps([_finding(one) for one in loaded.findings], indent=2))
    else:
        for one in loaded.findings:
            click.echo(str(one))
        if loaded.rulebook is not None:
            book = loaded.rulebook
            click.echo(
                f"ok: {len(book.destinations)} destinations, {len(book.routes)} routes, {len(book.correlate)} correlate rules ({book.revision})"
            )
    if loaded.rulebook is None:
        sys.exit(FINDINGS)


def _finding(one: Any) -> dict[str, object]:
    return {"level": one.level.value, **asdict(one.place), "message": one.message}


def _moment(_context: click.Context, _option: click.Parameter, value: str | None) -> datetime | None:
    """As Alertmanager writes it, nanoseconds included; without a zone it is UTC."""
    try:
        moment = None if value is None else datetime.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no time such as 2026-11-23T10:00:00Z") from error
    return moment.replace(tzinfo=UTC) if moment and not moment.tzinfo else moment


@cli.command(name="explain")
@click.argument("body", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@click.option("--rules", type=click.Path(path_type=Path), help="rule file or folder; default GATEWAY_RULES or rules/")
@click.option("--at", metavar="TIME", callback=_moment, help="as if it were this time (RFC 3339)")
@click.option("--source", metavar="NAME", default="", help="who sends it; default: the source without a token of its own")
@click.option("--json", "as_json", is_flag=True, help="for machines")
def explain_command(body: Path, rules: Path | None, at: datetime | None, source: str, *, as_json: bool) -> None:
    """Say what the rules would make of a webhook body, and why. Nothing is sent."""
    loaded = load_rules(rules or from_process().settings.rules, utc_ms())
    if loaded.rulebook is None:
        raise BadRules("\n".join(str(one) for one in loaded.errors))
    if source and source not in loaded.rulebook.sources:
        raise click.BadParameter(f"there are {', '.join(loaded.rulebook.sources)}", param_hint="--source")
    raw = sys.stdin.buffer.read() if str(body) == "-" else body.read_bytes()
    now = utc_ms() if at is None else round(at.timestamp() * 1000)
    try:
        found = asyncio.run(explain(raw, loaded.rulebook, now, source))
    except BadWebhook as error:
        click.echo(f"refused with 400: {error}")
        sys.exit(FINDINGS)
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2))
    else:
        _print_explanation(found, now)


def _print_explanation(found: Explanation, now: int) -> None:
    for one in found.alerts:
        labels = " ".join(f"{name}={value}" for name, value in one.labels.items() if name != "alertname")
        click.echo(f"{one.name}  [{one.severity}]  {labels}")
        click.echo(f"  deduplicate  {one.outcome} ({one.reason})")
        if one.incident:
            click.echo(f"  correlate    incident {one.incident} by {one.correlated_by}")
        for where in one.told:
            wait = f", in {max(0, where.at - now) / 1000:g}s" if where.at else ""
            page = ", interrupts" if where.interrupts and where.standing in ("held", "due") else ""
            rule = f" by {where.rule}" if where.rule else ""
            because = f": {where.because}" if where.because else ""
            click.echo(f"  {where.target or '(nobody)':12} {where.standing} ({where.reason}){wait}{page}{rule}{because}")
    for one_fault in found.quarantined:
        click.echo(f"quarantined: {one_fault}")


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
    """Lay the store out anew, as GATEWAY_SLOTS and partition_by of the rules say. All gateways have to be stopped."""
    environment = from_process()
    loaded = load_rules(environment.settings.rules, utc_ms())
    if loaded.rulebook is None:
        raise BadRules("\n".join(str(one) for one in loaded.errors))
    done = asyncio.run(_migrate(environment, loaded.rulebook))
    if done is None:
        click.echo("nothing to do: the store is laid out like that")
    else:
        click.echo(f"{done.layout}: {len(done.alerts)} alerts, {len(done.incidents)} incidents, {len(done.agenda)} subjects")


async def _migrate(environment: Environment, rules: Rulebook) -> Records | None:
    async with stored(environment.settings) as client:
        return await migrate(client, rules, environment.settings.slots)


for command in ASKING:
    cli.add_command(command)


if __name__ == "__main__":
    main()
