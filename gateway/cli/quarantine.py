"""`gateway quarantine`: what could not be taken as an alert."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import click

from gateway.cli.api_client import ask
from gateway.cli.options import AS_JSON, examples
from gateway.model.counted import counted


@click.command(epilog=examples("gateway quarantine", "gateway quarantine --replay 5f1c"))
@click.option(
    "--replay",
    "entry",
    metavar="ID",
    help="read this entry once more, by the rules as they are now",
)
@AS_JSON
def quarantine(entry: str | None, *, as_json: bool) -> None:
    """List what could not be taken as an alert, or read an entry once more."""
    method, path = ("POST", f"/{quote(entry, safe='')}/replay") if entry else ("GET", "")
    found = ask(method, f"/api/v1/quarantine{path}")
    if as_json:
        click.echo(json.dumps(found, indent=2))
    elif entry:
        click.echo(
            f"{counted(found['taken'], 'alert')} taken, {found['too_old']} passed over: they fired too long ago"
        )
    else:
        _print_entries(found["items"])


def _print_entries(entries: list[dict[str, Any]]) -> None:
    if not entries:
        click.echo("nothing is in quarantine")
    for entry in entries:
        fault = f"{entry['field']}: {entry['error']}" if entry["field"] else entry["error"]
        click.echo(f"{entry['id']}  {entry['times']:5} × {fault}")
