"""`gateway label`: say whether pages were worth it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from gateway.cli.api_client import ask, understood
from gateway.cli.options import BY, examples
from gateway.cli.output import say
from gateway.model.counted import counted

PATH = "/api/v1/statistics"
REASONS = ("expected", "duplicate", "self-healed", "too sensitive", "wrong owner")
KEYS = {"a": "actionable", "n": "noise", "s": "", "q": ""}
SAMPLE = 0.1


@click.command(
    epilog=examples(
        "gateway label 3rx1eh7gj8rt actionable",
        'gateway label 3rx1eh7gj8rt noise --reason "too sensitive"',
        "gateway label",
    )
)
@click.argument("incident", required=False)
@click.argument("value", type=click.Choice(("actionable", "noise")), required=False)
@click.option("--reason", type=click.Choice(REASONS), help="why it was noise")
@click.option("--sample", type=click.FloatRange(0, 1), default=SAMPLE, show_default=True, help="of all pages")
@BY
def label(incident: str | None, value: str | None, reason: str | None, sample: float, by: str | None) -> None:
    """Label the newest pages of an incident, or be asked for each page of the sample that nobody has judged.

    The figure to compare with the target is that of the sample: people label by themselves what annoyed them.
    """
    if bool(incident) is not bool(value):
        raise click.UsageError("gateway label INCIDENT actionable, or gateway label INCIDENT noise")
    if reason and value != "noise":
        raise click.UsageError(
            f'--reason says why a page was noise: gateway label {incident or "INCIDENT"} noise --reason "{reason}"'
        )
    if incident:
        done = _give({"incident": incident, "value": value, "reason": reason, "by": by})
        say(f"{counted(len(done['pages']), 'page')} labelled {done['value']}")
        return
    pages = _drawn(sample)
    if not pages:
        say("every page of the sample has been judged")
    for number, page in enumerate(pages, 1):
        say(f"{number} of {len(pages)}  {_described(page)}")
        key = click.prompt("actionable, noise, skip or quit", type=click.Choice(tuple(KEYS)))
        if key == "q":
            return
        if KEYS[key]:
            _give({"pages": [page["id"]], "value": KEYS[key], "by": by})


def _described(page: dict[str, Any]) -> str:
    """Say of a page what its reader needs to remember it."""
    when = datetime.fromisoformat(page["at"]).strftime("%Y-%m-%d %H:%M UTC")
    what = "  ".join(filter(None, (page["severity"], page["alertname"], page["thing"])))
    return f"{what}  {when}  (incident {page['incident']} at {page['target']})"


def _give(asked: dict[str, Any]) -> dict[str, Any]:
    return ask("POST", f"{PATH}/labels", json=asked)


def _drawn(sample: float) -> list[dict[str, Any]]:
    """Return the pages of the sample that no person has labelled, the oldest first."""
    found = ask("GET", f"{PATH}/unlabelled", params={"sample": sample})
    with understood():
        pages: list[dict[str, Any]] = found["items"]
        return pages
