"""`gateway log-level`: from which level on a running gateway logs."""

from __future__ import annotations

from typing import Any

import click

from gateway.cli.api_client import ask
from gateway.cli.options import AS_JSON, examples, name_of
from gateway.cli.output import say, say_json, to_the_second
from gateway.telemetry.log_level import LEVELS

PATH = "/api/v1/log-level"


@click.command(
    name="log-level",
    epilog=examples("gateway log-level", "gateway log-level debug --for 15m", "gateway log-level info"),
)
@click.argument("level", type=click.Choice(LEVELS), required=False)
@click.option(
    "--for", "duration", metavar="15m", help="how long, a day at most; then GATEWAY_LOG_LEVEL's again"
)
@click.option("--by", envvar="USER", show_envvar=True, metavar="NAME", help="who changes it")
@AS_JSON
def log_level(level: str | None, duration: str | None, by: str | None, *, as_json: bool) -> None:
    """Show or change from which level on a running gateway logs.

    Each process has a level of its own: ask every replica at its own address (GATEWAY_URL).
    """
    if duration and level is None:
        raise click.UsageError(f"which level? gateway log-level debug --for {duration}")
    if level is None:
        shown = ask("GET", PATH)
    else:
        shown = ask("POST", PATH, json={"level": level, "by": name_of(by), "duration": duration or ""})
    if as_json:
        say_json(shown)
    else:
        say(_said(shown))


def _said(shown: dict[str, Any]) -> str:
    logs = f"{shown['gateway']} logs from {shown['level']} on"
    if shown["until"]:
        return f"{logs} until {to_the_second(shown['until'])}, then from {shown['setting']} on"
    if shown["level"] != shown["setting"]:
        return f"{logs} until it is restarted; GATEWAY_LOG_LEVEL is {shown['setting']}"
    return logs
