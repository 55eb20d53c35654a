"""`gateway check`: every finding in rule files, and in what the environment has for them."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from gateway.cli.exit_codes import FINDINGS
from gateway.cli.options import AS_JSON, examples
from gateway.cli.output import say, say_json
from gateway.clock import utc_ms
from gateway.config.environment import Environment, from_process
from gateway.config.tokens_file import TokensFile, four_eyes_problem
from gateway.errors import BadSettings
from gateway.model.rules.origin import SOURCE, Origin
from gateway.model.rules.rulebook import Rulebook
from gateway.model.rules.source import Source
from gateway.outbound.credentials import heard_in_slack, kinds_with_credential
from gateway.outbound.webhook.schema import body_schema
from gateway.rules.files import load_rules, rules_schema
from gateway.rules.files.findings import Finding, Level, Place


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
