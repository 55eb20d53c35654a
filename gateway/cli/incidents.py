"""`gateway incidents`: list, show, acknowledge and close the incidents of a running gateway."""

from __future__ import annotations

import json
from urllib.parse import quote

import click

from gateway.cli.api_client import ask
from gateway.cli.options import AS_JSON
from gateway.cli.output import show_incidents

STATES_HELP = "open, acknowledged, closed_by_hand, quiet, resolved, active or all"


@click.command()
@click.argument("incident", required=False)
@click.option("--state", default="active", show_default=True, help=STATES_HELP)
@click.option("--ack", "ack_by", metavar="NAME", help="NAME has it")
@click.option("--close", "close_by", metavar="NAME", help="NAME closes it while it still fires")
@click.option("--note", default="", help="why it is closed")
@AS_JSON
def incidents(
    incident: str | None,
    state: str,
    ack_by: str | None,
    close_by: str | None,
    note: str,
    *,
    as_json: bool,
) -> None:
    """List the incidents of a running gateway (GATEWAY_URL), show one, acknowledge or close it."""
    if (ack_by or close_by) and not incident:
        raise click.UsageError("which incident? gateway incidents ID --ack NAME")
    named = quote(incident or "", safe="")
    if ack_by:
        found = ask("POST", f"/api/v1/incidents/{named}/acknowledge", json={"by": ack_by})
    elif close_by:
        found = ask("POST", f"/api/v1/incidents/{named}/close", json={"by": close_by, "note": note})
    elif incident:
        found = ask("GET", f"/api/v1/incidents/{named}")
    else:
        found = ask("GET", "/api/v1/incidents", params={"state": state})
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        show_incidents(found)
