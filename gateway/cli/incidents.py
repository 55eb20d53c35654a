"""The commands that ask a running gateway (GATEWAY_URL): incidents, silences, the pause and the bypass."""

from __future__ import annotations

import json
from urllib.parse import quote

import click

from gateway.cli.api_client import ask
from gateway.cli.options import AS_JSON
from gateway.cli.output import show


@click.command()
@click.argument("incident", required=False)
@click.option(
    "--state", default="active", show_default=True, help="open, acknowledged, closed_by_hand, quiet, resolved, active or all"
)
@click.option("--ack", "ack_by", metavar="NAME", help="NAME has it")
@click.option("--close", "close_by", metavar="NAME", help="NAME closes it while it still fires")
@click.option("--note", default="", help="why it is closed")
@click.option("--json", "as_json", is_flag=True, help="for machines")
def incidents(incident: str | None, state: str, ack_by: str | None, close_by: str | None, note: str, *, as_json: bool) -> None:
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
        show(found)


@click.command(name="dead-letters")
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
    for one in [] if as_json else found["items"]:
        click.echo(f"{one['incident']}  {one['target']:24} {one['dead_letter']}  {one['error'] or ''}")
    if not (as_json or found["items"]):
        click.echo("no dead letters")


@click.command()
@click.option("--replay", "entry", metavar="ID", help="read this entry once more, by the rules as they are now")
@AS_JSON
def quarantine(entry: str | None, *, as_json: bool) -> None:
    """List what could not be taken as an alert, or read an entry once more."""
    found = ask("POST", f"/api/v1/quarantine/{quote(entry, safe='')}/replay") if entry else ask("GET", "/api/v1/quarantine")
    if as_json:
        click.echo(json.dumps(found, indent=2))
    elif entry:
        click.echo(f"{found['taken']} alerts taken, {found['too_old']} passed over: they fired too long ago")
    elif not found["items"]:
        click.echo("nothing is in quarantine")
    for one in [] if as_json or entry else found["items"]:
        fault = f"{one['field']}: {one['error']}" if one["field"] else one["error"]
        click.echo(f"{one['id']}  {one['times']:5} × {fault}")
