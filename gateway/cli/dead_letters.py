"""`gateway dead-letters`: what a destination refused for good."""

from __future__ import annotations

import json
import sys
from typing import NoReturn
from urllib.parse import quote

import click

from gateway.cli import completion
from gateway.cli.api_client import ask
from gateway.cli.exit_codes import FINDINGS
from gateway.cli.options import AS_JSON, examples
from gateway.cli.show_dead_letters import show_dead_letters
from gateway.model.counted import counted

ALL = "all"
LISTED = 1_000  # dead letters: the most that the API answers at once
WHICH = "which? gateway dead-letters --retry all, or DESTINATION, or INCIDENT TARGET"


@click.command(
    name="dead-letters",
    epilog=examples(
        "gateway dead-letters",
        "gateway dead-letters --retry 3rx1eh7gj8rt chat",
        "gateway dead-letters --retry chat",
        "gateway dead-letters --retry all",
    ),
)
@click.argument(
    "which",
    nargs=-1,
    metavar="[INCIDENT TARGET | DESTINATION | all]",
    shell_complete=completion.dead_letters,
)
@click.option("--retry", is_flag=True, help="try again: one, all of a destination, or all")
@AS_JSON
def dead_letters(which: tuple[str, ...], *, retry: bool, as_json: bool) -> None:
    """List what a destination refused for good, or try it again: one, a destination's, or all.

    Where a destination refuses everything, the gateway asks again by itself, and sends all when one is taken.
    """
    if len(which) > 1 + retry or (retry and not which):
        raise click.UsageError(WHICH)
    destination = "" if which in ((), (ALL,)) else which[0]
    if retry and len(which) > 1:
        incident, target = (quote(part, safe="") for part in which)
        ask("POST", f"/api/v1/dead-letters/{incident}/{target}/retry")
        click.echo("it is tried again")
    elif retry:
        done = ask("POST", "/api/v1/dead-letters/retry", json={"destination": destination})
        if destination and not done["letters"]:
            _say_who_has_some(destination)
        click.echo(f"{counted(done['letters'], 'dead letter')} tried again, the most urgent first")
    else:
        found = ask("GET", "/api/v1/dead-letters", params={"destination": destination, "limit": str(LISTED)})
        if as_json:
            click.echo(json.dumps(found, indent=2))
        else:
            show_dead_letters(found)


def _say_who_has_some(destination: str) -> NoReturn:
    """End with what could have been meant: nothing was tried again."""
    found = ask("GET", "/api/v1/dead-letters", params={"limit": str(LISTED)})["items"]
    targets = ", ".join(sorted({letter["target"] for letter in found}))
    others = f"there are some of {targets}" if targets else "nor of any other"
    click.echo(f"no dead letter of {destination} is there; {others}", err=True)
    sys.exit(FINDINGS)
