"""`gateway explain`: what the rules would make of a webhook body. It needs no running gateway."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from gateway.cli import completion
from gateway.cli.exit_codes import FINDINGS
from gateway.cli.options import AS_JSON, examples
from gateway.cli.output import say, say_json
from gateway.clock import utc_ms
from gateway.config.environment import from_process
from gateway.decisions.intake.patience import SMALL
from gateway.errors import BadWebhook
from gateway.rules.files import load_rules
from gateway.simulate.explain import Explanation, ToldWhere, explain

NO_ALERT_IS_KNOWN = "so says a gateway that knows of no alert yet; a running one knows what fires, and a resolve ends it there"


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
    shell_complete=completion.sources,
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
    rulebook = load_rules(rules or from_process().settings.rules, utc_ms()).without_errors()
    if source and source not in rulebook.sources:
        raise click.BadParameter(f"there are {', '.join(rulebook.sources)}", param_hint="--source")
    raw = sys.stdin.buffer.read() if str(body) == "-" else body.read_bytes()
    now = utc_ms() if at is None else round(at.timestamp() * 1000)
    try:
        explanation = asyncio.run(explain(raw, rulebook, now, source))
    except BadWebhook as error:
        say(f"refused with 400: {error}")
        sys.exit(FINDINGS)
    if as_json:
        say_json(asdict(explanation))
    else:
        _print_explanation(explanation, now)
    # Nobody is told of what goes into quarantine: a script that tries rules has to notice.
    if explanation.quarantined:
        sys.exit(FINDINGS)


def _print_explanation(explanation: Explanation, now: int) -> None:
    """Print each alert and what each target would be told of it; `now` is the explained time in ms."""
    numbers: dict[str, int] = {}
    for alert in explanation.alerts:
        labels = " ".join(f"{name}={value}" for name, value in alert.labels.items() if name != "alertname")
        sent = f", sent as {alert.sent_severity}" if alert.sent_severity else ""
        say(f"{alert.name}  [{alert.severity}{sent}]  {labels}")
        say(f"  deduplicate  {alert.outcome} ({alert.reason})")
        if alert.incident:
            # No running gateway is asked, so the ids lead nowhere: a number says which alerts come together.
            number = numbers.setdefault(alert.incident, len(numbers) + 1)
            say(f"  correlate    new incident {number} by {alert.correlated_by}")
        for told in alert.told:
            say(_told_line(told, now))
        for step in alert.ahead:
            say(f"  escalate     {step.in_words(now)}")
        if alert.joining:
            wait = f"up to {alert.joining / 1000:g}s"
            say(
                f"  later        one more like it is held (joining) for {wait}, once people "
                f"know of more than {SMALL}"
            )
    if explanation.alerts:
        say(NO_ALERT_IS_KNOWN)
    for fault in explanation.quarantined:
        say(f"quarantined: {fault}; `gateway quarantine` would list it, and nobody is told")


def _told_line(told: ToldWhere, now: int) -> str:
    wait = f", in {max(0, told.at - now) / 1000:g}s" if told.at else ""
    page = ", interrupts" if told.interrupts and told.standing in ("held", "due") else ""
    rule = f" by {told.rule}" if told.rule else ""
    because = f": {told.because}" if told.because else ""
    return f"  {told.target or '(nobody)':12} {told.standing} ({told.reason}){wait}{rule}{page}{because}"
