"""The commands that ask a running gateway (GATEWAY_URL): incidents, silences, the pause and the bypass."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import click

from gateway.client import ask, second, show, show_silence, show_silences

BY = click.option("--by", required=True, envvar="USER", show_envvar=True, metavar="NAME", help="who does it")
AS_JSON = click.option("--json", "as_json", is_flag=True, help="for machines")


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


@click.group()
def silence() -> None:
    """Silences of a running gateway: keep what matches from people for a while. Ends are told all the same."""


@silence.command(name="add")
@click.argument("matchers", nargs=-1, required=True, metavar="MATCHER...")
@click.option("--for", "duration", default="", metavar="2h", help="how long")
@click.option("--until", "ends_at", default="", metavar="TIME", help="until then, with an offset: 2026-12-01T22:00:00+01:00")
@click.option("--from", "starts_at", default="", metavar="TIME", help="not before then")
@click.option("--until-resolved", is_flag=True, help="what fires now, until that has ended")
@click.option("--during", multiple=True, metavar="INTERVAL", help="again in each of these time intervals of the rules")
@click.option("--reason", default="")
@click.option("--ticket", default="")
@click.option("--yes", is_flag=True, help="whatever the preview says")
@BY
@AS_JSON
def add_silence(matchers: tuple[str, ...], by: str, *, yes: bool, as_json: bool, **wish: Any) -> None:
    """Silence what all these matchers hold for, such as service="cart". Says first what it would hide."""
    asked = {key: value for key, value in wish.items() if value} | {"matchers": matchers, "by": by}
    found = ask("POST", "/api/v1/silences/preview", json=asked)
    if not as_json:
        _print_preview(found)
    if found["warnings"] and not yes and not click.confirm("Make it all the same?", err=as_json):
        raise click.Abort
    _print_silence(ask("POST", "/api/v1/silences", json={**asked, "confirm": True}), as_json=as_json)


def _print_preview(found: dict[str, Any]) -> None:
    click.echo(
        f"hides {found['firing_hidden']} of {found['firing']} alerts that fire, {found['recent_hidden']} of {found['recent']} of the last 7 days"
    )
    for name, count in list(found["names"].items())[:10]:
        click.echo(f"  {count:5} × {name}")
    for warning in found["warnings"]:
        click.echo(f"warning: {warning}")


@silence.command(name="list")
@click.option("--state", default="live", show_default=True, help="pending, active, resting, ended, live (all but ended) or all")
@AS_JSON
def list_silences(state: str, *, as_json: bool) -> None:
    """List silences."""
    found = ask("GET", "/api/v1/silences", params={"state": state})
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        show_silences(found)


@silence.command(name="extend")
@click.argument("name")
@click.option("--for", "duration", required=True, metavar="2h", help="from now on")
@BY
@AS_JSON
def extend_silence(name: str, duration: str, by: str, *, as_json: bool) -> None:
    """Give a silence another end."""
    _change(name, "extend", {"by": by, "duration": duration}, as_json=as_json)


@silence.command(name="approve")
@click.argument("name")
@BY
@AS_JSON
def approve_silence(name: str, by: str, *, as_json: bool) -> None:
    """As a second person: it may cover critical alerts too."""
    _change(name, "approve", {"by": by}, as_json=as_json)


@silence.command(name="end")
@click.argument("name")
@BY
@AS_JSON
def end_silence(name: str, by: str, *, as_json: bool) -> None:
    """End a silence now; what still fires is told at once."""
    _change(name, "end", {"by": by}, as_json=as_json)


def _change(name: str, what: str, asked: dict[str, str], *, as_json: bool) -> None:
    _print_silence(ask("POST", f"/api/v1/silences/{quote(name, safe='')}/{what}", json=asked), as_json=as_json)


def _print_silence(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        show_silence(found)


def _ordering(kind: str, text: str) -> click.Command:
    @click.command(name=kind, help=text)
    @click.option("--for", "duration", metavar="1h", help="how long, a day at most")
    @click.option("--end", "lift", is_flag=True, help="lift it before its time")
    @click.option("--reason", default="")
    @BY
    @AS_JSON
    def command(duration: str | None, reason: str, by: str, *, lift: bool, as_json: bool) -> None:
        if bool(duration) is lift:
            raise click.UsageError(f"how long? gateway {kind} --for 1h, or gateway {kind} --end")
        found = ask("POST", f"/api/v1/orders/{kind}", json={"by": by, "duration": duration or "", "reason": reason})
        if as_json:
            click.echo(json.dumps(found, indent=2))
        else:
            standing = found[kind]
            click.echo(
                f"{kind} until {second(standing['until'])}, by {standing['by']}" if standing else f"there is no {kind} any more"
            )

    return command


ASKING = (
    incidents,
    silence,
    quarantine,
    dead_letters,
    _ordering("pause", "Page nobody for a while, critical alerts included. What fires is shown where it always is."),
    _ordering(
        "bypass", "Suppress nothing for a while: no silence, inhibition, maintenance or mute keeps anything from being told."
    ),
)
