"""`gateway incidents`: list, show, acknowledge and close the incidents of a running gateway."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import quote

import click

from gateway.cli import completion
from gateway.cli.api_client import ask
from gateway.cli.options import AS_JSON, examples
from gateway.cli.output import out
from gateway.cli.show_incidents import show_incidents
from gateway.model.severity import Severity

STATES = ("active", "all", "open", "acknowledged", "closed_by_hand", "quiet", "resolved")
SEVERITIES = tuple(severity.word for severity in reversed(Severity))
WATCH_SECONDS = 5.0
MY_NAME = ""  # `--ack` and `--close` without a name


@click.command(
    epilog=examples(
        "gateway incidents",
        "gateway incidents --severity critical --watch",
        "gateway incidents 3rx1eh7gj8rt",
        "gateway incidents 3rx1eh7gj8rt --ack",
        'gateway incidents 3rx1eh7gj8rt --close ann --note "a false alarm, OPS-1234"',
    )
)
@click.argument("incident", required=False, shell_complete=completion.incidents)
@click.option(
    "--state",
    type=click.Choice(STATES),
    default="active",
    show_default=True,
    help="which to list; active is all but resolved",
)
@click.option("--severity", type=click.Choice(SEVERITIES), help="list what is at least as bad")
@click.option(
    "--ack", "ack_by", is_flag=False, flag_value=MY_NAME, metavar="[NAME]", help="NAME has it, or --by"
)
@click.option(
    "--close",
    "close_by",
    is_flag=False,
    flag_value=MY_NAME,
    metavar="[NAME]",
    help="NAME, or --by, closes it while it still fires",
)
@click.option("--note", default="", help="why it is closed")
@click.option("--by", envvar="USER", show_envvar=True, metavar="NAME", help="who does it")
@click.option("--watch", is_flag=True, help=f"list them again every {WATCH_SECONDS:g} s, until Ctrl-C")
@AS_JSON
def incidents(
    incident: str | None,
    ack_by: str | None,
    close_by: str | None,
    note: str,
    by: str | None,
    *,
    watch: bool,
    as_json: bool,
    **listed: str | None,
) -> None:
    """List the incidents of a running gateway (GATEWAY_URL), show one, acknowledge or close it."""
    acts = ack_by is not None or close_by is not None
    if acts and not incident:
        raise click.UsageError("which incident? gateway incidents ID --ack NAME")
    if ack_by is not None and close_by is not None:
        raise click.UsageError("--ack and --close exclude each other: to close, --close alone is enough")
    if note and close_by is None:
        raise click.UsageError(
            "--note says why an incident is closed: gateway incidents ID --close --note TEXT"
        )
    if watch and (acts or as_json):
        raise click.UsageError("--watch shows incidents to people again and again: it goes alone")
    if acts:
        found = _act(incident or "", ack_by, close_by, by, note)
    else:
        path = f"/api/v1/incidents/{quote(incident, safe='')}" if incident else "/api/v1/incidents"
        asked = {} if incident else {name: value for name, value in listed.items() if value}
        if watch:
            _watch(path, asked)
        found = ask("GET", path, params=asked)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        show_incidents(found)


def _act(
    incident: str, ack_by: str | None, close_by: str | None, by: str | None, note: str
) -> dict[str, Any]:
    """Acknowledge or close, as the named person or else as the one who types."""
    name = ack_by or close_by or by
    if not name:
        raise click.UsageError(
            f"who? gateway incidents {incident} --{'close' if ack_by is None else 'ack'} NAME"
        )
    path = f"/api/v1/incidents/{quote(incident, safe='')}"
    if ack_by is not None:
        return ask("POST", f"{path}/acknowledge", json={"by": name})
    return ask("POST", f"{path}/close", json={"by": name, "note": note})


def _watch(path: str, asked: dict[str, str]) -> None:
    """Show the same again and again. A gateway that is away for a moment is said, and asked again."""
    while True:
        try:
            found = ask("GET", path, params=asked)
        except click.ClickException as error:
            out.print(error.message, style="red")
        else:
            if out.is_terminal:
                out.clear()
            show_incidents(found)
        time.sleep(WATCH_SECONDS)
