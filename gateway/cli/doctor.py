"""`gateway doctor` looks at what the gateway needs; `gateway page-test` sends a test to a destination."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import asdict

import click
from rich.text import Text

from gateway.cli import completion
from gateway.cli.exit_codes import FINDINGS
from gateway.cli.options import AS_JSON, examples
from gateway.cli.output import out, say_json, text
from gateway.config.environment import from_process
from gateway.diagnostics.destination_check import page_test
from gateway.diagnostics.diagnosis import Diagnosis, Mark
from gateway.diagnostics.doctor import examine_everything

COLOURS = {Mark.GOOD: "green", Mark.WORRY: "yellow", Mark.BAD: "bold red"}


@click.command(
    epilog=examples(
        "gateway doctor",
        "GATEWAY_RULES=new-rules gateway doctor",
        "gateway doctor --json | jq '.[] | select(.mark != \"ok\")'",
    )
)
@AS_JSON
def doctor(*, as_json: bool) -> None:
    """Look at everything that the gateway needs: settings, rules, store, credentials, and the running
    gateway.
    """
    findings = asyncio.run(examine_everything(from_process()))
    if as_json:
        say_json([asdict(finding) for finding in findings])
    else:
        _print_findings(findings)
    _end_with(findings)


@click.command(name="page-test", epilog=examples("gateway page-test pager"))
@click.argument("destination", shell_complete=completion.destinations)
def page_test_command(destination: str) -> None:
    """Tell a destination that a test fires, and that it ended: does a message arrive, does a phone ring?"""
    findings = asyncio.run(page_test(from_process(), destination))
    _print_findings(findings)
    _end_with(findings)


def _print_findings(findings: Sequence[Diagnosis]) -> None:
    """Print a line a finding; on a terminal, what needs a person stands out by its colour."""
    for finding in findings:
        mark = text(f"{finding.mark.value:5}", style=COLOURS[finding.mark])
        out.print(Text.assemble(mark, f" {finding.what}: {finding.said}"))


def _end_with(findings: Sequence[Diagnosis]) -> None:
    """Exit with 1 if any finding is bad. A worry alone ends with 0: the gateway can work."""
    if any(finding.mark is Mark.BAD for finding in findings):
        sys.exit(FINDINGS)
