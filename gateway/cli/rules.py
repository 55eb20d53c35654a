"""`gateway check` and `gateway explain`: they read rule files and need no running gateway."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from gateway.cli import completion
from gateway.cli.exit_codes import FINDINGS
from gateway.cli.options import AS_JSON, examples
from gateway.cli.output import say, say_json
from gateway.clock import utc_ms
from gateway.config.environment import Environment, from_process
from gateway.config.tokens_file import TokensFile, four_eyes_problem
from gateway.decisions.intake.patience import SMALL
from gateway.errors import BadRules, BadSettings, BadWebhook
from gateway.model.rules.origin import SOURCE, Origin
from gateway.model.rules.rulebook import Rulebook
from gateway.model.rules.source import Source
from gateway.outbound.credentials import heard_in_slack, kinds_with_credential
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
        say_json(rules_schema() if schema else body_schema())
        return
    path = rules or from_process().settings.rules
    gc.disable()  # a large set is millions of values, of which none is garbage before the command ends
    loaded = load_rules(path, utc_ms())
    folder = path if path.is_dir() else path.parent
    findings = [*loaded.findings, *(_about_environment(loaded.rulebook, folder) if loaded.rulebook else ())]
    if as_json:
        say_json([_finding_as_json(finding) for finding in findings])
    else:
        for finding in findings:
            say(str(finding))
        if loaded.rulebook is not None:
            say(f"ok: {loaded.rulebook.contents} ({loaded.rulebook.revision})")
    if loaded.rulebook is None:
        sys.exit(FINDINGS)


def _about_environment(rules: Rulebook, folder: Path) -> list[Finding]:
    """Warn of each secret that the rules may not have, of each credential that is not set here, while another
    one of its vendor is, and of people who are wanted and not known.

    Where a vendor has none at all, the files are checked where the gateway does not run.
    """
    try:
        environment = from_process()
    except BadSettings:
        return []  # `gateway serve` and `gateway doctor` say what is wrong with the settings
    used = kinds_with_credential(rules.destinations.values(), environment.configured, environment.refused)
    missing = [
        (destination, environment.why_missing(secret, destination.kind))
        for destination in rules.destinations.values()
        if destination.kind in used
        for secret in destination.credentials
    ]
    found = [
        _warning(folder, destination.origin, f"nothing can be delivered to `{destination.name}`: {why}")
        for destination, why in missing
        if why
    ]
    found += [
        _warning(folder, destination.origin, f"destination `{destination.name}`: {twice}")
        for destination in rules.destinations.values()
        for twice in environment.twice_of(destination.credentials)
    ]
    found += [
        _warning(folder, source.origin, f"source `{source.name}`: {fault}")
        for source in rules.listed_sources.values()
        for fault in _faults_of(source, environment)
    ]
    return [*found, *_about_people(rules, environment, folder)]


def _faults_of(source: Source, environment: Environment) -> Iterator[str]:
    """Yield what is wrong with the secrets of a source."""
    names = [secret.env for secret in (source.token, *source.alertmanager) if secret is not None]
    yield from filter(None, (environment.fault_of(name, SOURCE) for name in names))
    yield from environment.twice_of(names)


def _about_people(rules: Rulebook, environment: Environment, folder: Path) -> list[Finding]:
    """Warn of a policy that nobody can satisfy, and of what is wrong with the file of people's tokens."""
    if not rules.silences.four_eyes:
        return []
    tokens = TokensFile(environment.settings.tokens_file)
    problems = [
        *tokens.problems,
        four_eyes_problem(tokens, heard_in_slack=heard_in_slack(environment.configured)),
    ]
    return [Finding(Level.WARNING, Place(str(folder)), problem) for problem in problems if problem]


def _warning(folder: Path, origin: Origin, message: str) -> Finding:
    """Return a warning at the origin of a rule, by a path that leads there from where `gateway` was called."""
    return Finding(Level.WARNING, Place(str(folder / origin.file), origin.line), message)


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
    rulebook = load_without_errors(rules or from_process().settings.rules)
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
    for fault in explanation.quarantined:
        say(f"quarantined: {fault}; `gateway quarantine` would list it, and nobody is told")


def _told_line(told: ToldWhere, now: int) -> str:
    wait = f", in {max(0, told.at - now) / 1000:g}s" if told.at else ""
    page = ", interrupts" if told.interrupts and told.standing in ("held", "due") else ""
    rule = f" by {told.rule}" if told.rule else ""
    because = f": {told.because}" if told.because else ""
    return f"  {told.target or '(nobody)':12} {told.standing} ({told.reason}){wait}{rule}{page}{because}"
