"""`gateway silence`: add, list, extend, approve and end silences of a running gateway."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import click

from gateway.cli.api_client import ask
from gateway.cli.options import AS_JSON, BY
from gateway.cli.output import show_silence, show_silences
from gateway.model.counted import counted

MAX_NAMES_SHOWN = 10  # of the alerts that a silence would hide, the most frequent


@click.group()
def silence() -> None:
    """Silences of a running gateway: keep what matches from people for a while. Ends are told all the same."""


@silence.command(name="add")
@click.argument("matchers", nargs=-1, required=True, metavar="MATCHER...")
@click.option("--for", "duration", default="", metavar="2h", help="how long")
@click.option(
    "--until",
    "ends_at",
    default="",
    metavar="TIME",
    help="until then, with an offset: 2026-12-01T22:00:00+01:00",
)
@click.option("--from", "starts_at", default="", metavar="TIME", help="not before then")
@click.option("--until-resolved", is_flag=True, help="what fires now, until that has ended")
@click.option(
    "--during",
    multiple=True,
    metavar="INTERVAL",
    help="again in each of these time intervals of the rules",
)
@click.option("--reason", default="")
@click.option("--ticket", default="")
@click.option("--yes", is_flag=True, help="whatever the preview says")
@BY
@AS_JSON
def add_silence(matchers: tuple[str, ...], by: str, *, yes: bool, as_json: bool, **options: Any) -> None:
    """Silence what all these matchers hold for, such as service="cart". Says first what it would hide."""
    asked = {key: value for key, value in options.items() if value} | {"matchers": matchers, "by": by}
    preview = ask("POST", "/api/v1/silences/preview", json=asked)
    if not as_json:
        _print_preview(preview)
    if preview["warnings"] and not yes and not click.confirm("Make it all the same?", err=as_json):
        raise click.Abort
    _print_silence(ask("POST", "/api/v1/silences", json={**asked, "confirm": True}), as_json=as_json)


def _print_preview(preview: dict[str, Any]) -> None:
    click.echo(
        f"hides {preview['firing_hidden']} of {counted(preview['firing'], 'alert that fires', 'alerts that fire')},"
        f" {preview['recent_hidden']} of {preview['recent']} of the last 7 days"
    )
    for name, count in list(preview["names"].items())[:MAX_NAMES_SHOWN]:
        click.echo(f"  {count:5} × {name}")
    for warning in preview["warnings"]:
        click.echo(f"warning: {warning}")


@silence.command(name="list")
@click.option(
    "--state",
    default="live",
    show_default=True,
    help="pending, active, resting, ended, live (all but ended) or all",
)
@AS_JSON
def list_silences(state: str, *, as_json: bool) -> None:
    """List silences."""
    answer = ask("GET", "/api/v1/silences", params={"state": state})
    if as_json:
        click.echo(json.dumps(answer, indent=2))
    else:
        show_silences(answer)


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
    """Approve a silence as a second person: it may cover critical alerts too."""
    _change(name, "approve", {"by": by}, as_json=as_json)


@silence.command(name="end")
@click.argument("name")
@BY
@AS_JSON
def end_silence(name: str, by: str, *, as_json: bool) -> None:
    """End a silence now; what still fires is told at once."""
    _change(name, "end", {"by": by}, as_json=as_json)


def _change(name: str, action: str, asked: dict[str, str], *, as_json: bool) -> None:
    silence = ask("POST", f"/api/v1/silences/{quote(name, safe='')}/{action}", json=asked)
    _print_silence(silence, as_json=as_json)


def _print_silence(silence: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(silence, indent=2))
    else:
        show_silence(silence)
