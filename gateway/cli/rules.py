"""`gateway check` and `gateway explain`: they read rule files and need no running gateway."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from gateway.cli.exit_codes import FINDINGS
from gateway.cli.options import AS_JSON, examples
from gateway.clock import utc_ms
from gateway.config.environment import from_process
from gateway.errors import BadRules, BadSettings, BadWebhook
from gateway.model.rules.rulebook import Rulebook
from gateway.outbound.credentials import kinds_with_credential
from gateway.outbound.webhook.schema import body_schema
from gateway.rules.files import load_rules, rules_schema
from gateway.rules.files.findings import Finding, Level, Place
from gateway.simulate.explain import Explanation, ToldWhere, explain


@click.command(
    epilog=examples(
        "gateway check",
        "gateway check rules/payments.yaml",
        "gateway check --schema > rules/rules.schema.json",
    )
)
@click.argument("rules", required=False, type=click.Path(path_type=Path))
@AS_JSON
@click.option("--schema", is_flag=True, help="print a JSON Schema of the rule language, for editors")
@click.option(
    "--webhook-schema",
    is_flag=True,
    help="print a JSON Schema of what webhook destinations are sent",
)
def check(rules: Path | None, *, as_json: bool, schema: bool, webhook_schema: bool) -> None:
    """Check rule files: every finding as file:line:column: message."""
    if schema or webhook_schema:
        click.echo(json.dumps(rules_schema() if schema else body_schema(), indent=2))
        return
    loaded = load_rules(rules or from_process().settings.rules, utc_ms())
    findings = [*loaded.findings, *(_unset_credentials(loaded.rulebook) if loaded.rulebook else ())]
    if as_json:
        click.echo(json.dumps([_finding_as_json(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            click.echo(str(finding))
        if loaded.rulebook is not None:
            click.echo(f"ok: {loaded.rulebook.contents} ({loaded.rulebook.revision})")
    if loaded.rulebook is None:
        sys.exit(FINDINGS)


def _unset_credentials(rules: Rulebook) -> list[Finding]:
    """Warn of each credential that is not set here, while another one of its vendor is.

    Where a vendor has none at all, the files are checked where the gateway does not run.
    """
    try:
        environment = from_process()
    except BadSettings:
        return []  # `gateway serve` and `gateway doctor` say what is wrong with the settings
    used = kinds_with_credential(rules.destinations.values(), environment.configured)
    missing = [
        (destination, environment.why_missing(secret))
        for destination in rules.destinations.values()
        if destination.kind in used
        for secret in destination.credentials
    ]
    return [
        Finding(
            Level.WARNING,
            Place(destination.origin.file, destination.origin.line),
            f"nothing can be delivered to `{destination.name}`: {why}",
        )
        for destination, why in missing
        if why
    ]


def _finding_as_json(finding: Finding) -> dict[str, object]:
    place = finding.place
    return {
        "level": finding.level.value,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "message": finding.message,
    }


def load_without_errors(rules: Path) -> Rulebook:
    """Load a rule file or folder. Raises `BadRules` with every error in it."""
    loaded = load_rules(rules, utc_ms())
    if loaded.rulebook is None:
        raise BadRules("\n".join(str(error) for error in loaded.errors))
    return loaded.rulebook


def _instant(_context: click.Context, _option: click.Parameter, value: str | None) -> datetime | None:
    """Read an instant as Alertmanager writes it, nanoseconds included. UTC is meant where it has no zone."""
    try:
        instant = None if value is None else datetime.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no time such as 2026-11-23T10:00:00Z") from error
    return instant.replace(tzinfo=UTC) if instant and not instant.tzinfo else instant


@click.command(
    name="explain",
    epilog=examples(
        "gateway explain body.json",
        "gateway explain body.json --at 2026-12-24T03:00:00+01:00 --rules new-rules",
        "kubectl logs deploy/relay | tail -1 | gateway explain -",
    ),
)
@click.argument("body", type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True))
@click.option(
    "--rules",
    type=click.Path(path_type=Path),
    help="rule file or folder; default GATEWAY_RULES or rules/",
)
@click.option("--at", metavar="TIME", callback=_instant, help="as if it were this time (RFC 3339)")
@click.option(
    "--source",
    metavar="NAME",
    default="",
    help="who sends it; default: the source without a token of its own",
)
@AS_JSON
def explain_command(
    body: Path,
    rules: Path | None,
    at: datetime | None,
    source: str,
    *,
    as_json: bool,
) -> None:
    """Say what the rules would make of a webhook body, and why. Nothing is sent."""
    rulebook = load_without_errors(rules or from_process().settings.rules)
    if source and source not in rulebook.sources:
        raise click.BadParameter(f"there are {', '.join(rulebook.sources)}", param_hint="--source")
    raw = sys.stdin.buffer.read() if str(body) == "-" else body.read_bytes()
    now = utc_ms() if at is None else round(at.timestamp() * 1000)
    try:
        explanation = asyncio.run(explain(raw, rulebook, now, source))
    except BadWebhook as error:
        click.echo(f"refused with 400: {error}")
        sys.exit(FINDINGS)
    if as_json:
        click.echo(json.dumps(asdict(explanation), indent=2))
    else:
        _print_explanation(explanation, now)
    # Nobody is told of what goes into quarantine: a script that tries rules has to notice.
    if explanation.quarantined:
        sys.exit(FINDINGS)


def _print_explanation(explanation: Explanation, now: int) -> None:
    """Print each alert and what each target would be told of it; `now` is the explained time in ms."""
    for alert in explanation.alerts:
        labels = " ".join(f"{name}={value}" for name, value in alert.labels.items() if name != "alertname")
        sent = f", sent as {alert.sent_severity}" if alert.sent_severity else ""
        click.echo(f"{alert.name}  [{alert.severity}{sent}]  {labels}")
        click.echo(f"  deduplicate  {alert.outcome} ({alert.reason})")
        if alert.incident:
            click.echo(f"  correlate    incident {alert.incident} by {alert.correlated_by}")
        for told in alert.told:
            click.echo(_told_line(told, now))
    for fault in explanation.quarantined:
        click.echo(f"quarantined: {fault}; `gateway quarantine` would list it, and nobody is told")


def _told_line(told: ToldWhere, now: int) -> str:
    wait = f", in {max(0, told.at - now) / 1000:g}s" if told.at else ""
    page = ", interrupts" if told.interrupts and told.standing in ("held", "due") else ""
    rule = f" by {told.rule}" if told.rule else ""
    because = f": {told.because}" if told.because else ""
    return f"  {told.target or '(nobody)':12} {told.standing} ({told.reason}){wait}{rule}{page}{because}"
