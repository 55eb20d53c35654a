"""`gateway dead-letters`: what a destination refused for good."""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import quote

import click

from gateway.cli import completion
from gateway.cli.api_client import ask
from gateway.cli.exit_codes import FINDINGS
from gateway.cli.options import AS_JSON, examples
from gateway.cli.output import say, say_json
from gateway.cli.show_dead_letters import show_dead_letters
from gateway.model.counted import counted

ALL = "all"
LISTED = 1_000  # dead letters: the most that the API answers at once
FOLLOW = "where everything is refused that one asks, and the others follow once it is taken"
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
        say("it is tried again")
    elif retry:
        done = ask("POST", "/api/v1/dead-letters/retry", json={"destination": destination})
        if destination and not done["letters"]:
            say(_who_has_some(destination), err=True)
            sys.exit(FINDINGS)
        say(f"{counted(done['letters'], 'dead letter')} to be sent again, the most urgent first: {FOLLOW}")
    else:
        found = _listed(destination)
        if as_json:
            say_json(found)
        elif destination and not found["items"]:
            # A name that is none must not look like a destination that takes everything.
            say(_who_has_some(destination))
        else:
            show_dead_letters(found)


def _listed(which: str) -> dict[str, Any]:
    """Return the page of a destination's or an incident's dead letters, or of all."""
    found = ask("GET", "/api/v1/dead-letters", params={"destination": which, "limit": str(LISTED)})
    if found["items"] or not which:
        return found
    found = ask("GET", "/api/v1/dead-letters", params={"limit": str(LISTED)})
    return {**found, "items": [letter for letter in found["items"] if letter["incident"] == which]}


def _who_has_some(destination: str) -> str:
    """Say what could have been meant: there is nothing to list, and nothing was tried again."""
    found = _listed("")["items"]
    targets = ", ".join(sorted({letter["target"] for letter in found}))
    others = f"there are some of {targets}" if targets else "nor of any other"
    return f"no dead letter of {destination} is there; {others}"
