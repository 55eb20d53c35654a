"""`gateway dead-letters`: what a destination refused for good."""

from __future__ import annotations

import json
from urllib.parse import quote

import click

from gateway.cli.api_client import ask
from gateway.cli.options import AS_JSON, examples


@click.command(
    name="dead-letters",
    epilog=examples("gateway dead-letters", "gateway dead-letters --retry 3rx1eh7gj8rt chat"),
)
@click.option("--retry", nargs=2, metavar="INCIDENT TARGET", help="try it again")
@AS_JSON
def dead_letters(retry: tuple[str, str] | None, *, as_json: bool) -> None:
    """List what a destination refused for good, or try one again."""
    if retry:
        incident, target = (quote(part, safe="") for part in retry)
        ask("POST", f"/api/v1/dead-letters/{incident}/{target}/retry")
        click.echo("it is tried again")
        return
    found = ask("GET", "/api/v1/dead-letters")
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for letter in found["items"]:
        click.echo(
            f"{letter['incident']}  {letter['target']:24} {letter['dead_letter']}  {letter['error'] or ''}",
        )
    if not found["items"]:
        click.echo("no dead letters")
