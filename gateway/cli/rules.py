"""Inspecting: the commands that look at rule files and need no running gateway."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from gateway.clock import utc_ms
from gateway.config.environment import from_process
from gateway.errors import BadRules, BadWebhook
from gateway.outbound.webhook.schema import body_schema
from gateway.rules.files import load_rules, rules_schema
from gateway.simulate.explain import Explanation, explain

FINDINGS = 1  # the exit code


@click.command()
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
            click.echo(f"ok: {loaded.rulebook.contents} ({loaded.rulebook.revision})")
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


@click.command(name="explain")
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


INSPECTING = (check, explain_command)
