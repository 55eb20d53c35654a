"""`gateway silence`: add, list, extend, approve and end silences of a running gateway."""

from __future__ import annotations

import re
from collections.abc import Sequence
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

import click

from gateway.cli import completion
from gateway.cli.api_client import ask
from gateway.cli.moments import EXAMPLES, read_moment
from gateway.cli.options import AS_JSON, BY, examples
from gateway.cli.output import say, say_json, show_silence, show_silences
from gateway.model.counted import counted
from gateway.model.matchers import ALERT_NAME

STATES = ("live", "all", "pending", "active", "resting", "ended")
MAX_NAMES_SHOWN = 10  # of the alerts that a silence would hide, the most frequent


AMTOOL = MappingProxyType({"expire": "end", "query": "list", "update": "extend"})


class SilenceGroup(click.Group):
    """A group that says its own word to people who type amtool's."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] in AMTOOL:
            ours = AMTOOL[args[0]]
            raise click.UsageError(f"`{args[0]}` is amtool's word: here it is `gateway silence {ours}`")
        return super().resolve_command(ctx, args)


@click.group(
    cls=SilenceGroup,
    epilog=examples(
        "gateway silence add HighErrorRate service=cart --for 2h --reason deploy",
        "gateway silence list",
        "gateway silence end 1f2e3d4c",
    ),
)
def silence() -> None:
    """Silences of a running gateway: keep what matches from people for a while. Ends are told all the same."""


@silence.command(
    name="add",
    epilog=examples(
        "gateway silence add HighErrorRate --for 2h",
        "gateway silence add 'service=\"cart\"' 'severity=~\"info|warning\"' --until 18:00 --reason deploy",
        "gateway silence add 'cluster=\"eu-1\"' --until-resolved --ticket OPS-1234",
        "gateway silence add 'job=\"backup\"' --during nights --until 2027-01-01T00:00 --yes",
    ),
)
@click.argument("matchers", nargs=-1, required=True, metavar="MATCHER...")
@click.option("--for", "duration", default="", metavar="2h", help="how long")
@click.option(
    "--until",
    "ends_at",
    metavar="TIME",
    callback=read_moment,
    help=f"until then, by this machine's clock unless it has an offset: {EXAMPLES}",
)
@click.option("--from", "starts_at", metavar="TIME", callback=read_moment, help="not before then")
@click.option("--until-resolved", is_flag=True, help="what fires now, until that has ended")
@click.option(
    "--during",
    multiple=True,
    metavar="INTERVAL",
    help="again in each of these time intervals of the rules",
)
@click.option("--reason", default="")
@click.option("--ticket", default="")
@click.option("--yes", is_flag=True, help="do not ask, whatever the preview warns of")
@BY
@AS_JSON
def add_silence(
    matchers: tuple[str, ...], by: str | None, *, yes: bool, as_json: bool, **options: Any
) -> None:
    """Silence what all these matchers hold for, such as service="cart". Says first what it would hide.

    A first MATCHER that is a name alone is an alert's: HighErrorRate means alertname="HighErrorRate".
    """
    asked = {key: value for key, value in options.items() if value} | {"matchers": _named(matchers), "by": by}
    preview = ask("POST", "/api/v1/silences/preview", json=asked)
    if not as_json:
        _print_preview(preview)
    if preview["warnings"] and not yes:
        _confirm(as_json=as_json)
    _print_silence(ask("POST", "/api/v1/silences", json={**asked, "confirm": True}), as_json=as_json)


def _named(matchers: Sequence[str]) -> list[str]:
    """Return the matchers with a bare alert name in the first place written out, as amtool takes it."""
    first, *others = matchers
    return [f'alertname="{first}"' if re.fullmatch(ALERT_NAME, first) else first, *others]


def _confirm(*, as_json: bool) -> None:
    """Ask whoever types whether the warnings are meant; a script has nobody to ask, and says `--yes`."""
    try:
        click.confirm("Make it all the same (--yes does not ask)?", err=as_json, abort=True)
    except click.Abort:
        say("nothing was made: --yes makes it in spite of the warnings", err=True)
        raise


def _print_preview(preview: dict[str, Any]) -> None:
    say(
        f"hides {preview['firing_hidden']} of {counted(preview['firing'], 'alert that fires', 'alerts that fire')},"
        f" {preview['recent_hidden']} of {preview['recent']} of the last 7 days"
    )
    for name, count in list(preview["names"].items())[:MAX_NAMES_SHOWN]:
        say(f"  {count:5} × {name}")
    for warning in preview["warnings"]:
        say(f"warning: {warning}")


@silence.command(
    name="list", epilog=examples("gateway silence list", "gateway silence list --state all --json")
)
@click.option(
    "--state", type=click.Choice(STATES), default="live", show_default=True, help="live is all but ended"
)
@AS_JSON
def list_silences(state: str, *, as_json: bool) -> None:
    """List silences."""
    answer = ask("GET", "/api/v1/silences", params={"state": state})
    if as_json:
        say_json(answer)
    else:
        show_silences(answer)


@silence.command(
    name="extend",
    epilog=examples(
        "gateway silence extend 1f2e3d4c --for 2h", "gateway silence extend 1f2e3d4c --until 18:00"
    ),
)
@click.argument("name", shell_complete=completion.silences)
@click.option("--for", "duration", metavar="2h", help="from now on")
@click.option("--until", "ends_at", metavar="TIME", callback=read_moment, help=EXAMPLES)
@BY
@AS_JSON
def extend_silence(name: str, by: str | None, *, as_json: bool, **end: str | None) -> None:
    """Give a silence another end."""
    given = {key: value for key, value in end.items() if value}
    if len(given) != 1:
        raise click.UsageError(f"how long? gateway silence extend {name} --for 2h, or --until 18:00")
    _change(name, "extend", {"by": by, **given}, as_json=as_json)


@silence.command(name="approve", epilog=examples("gateway silence approve 1f2e3d4c --by bob"))
@click.argument("name", shell_complete=completion.silences)
@BY
@AS_JSON
def approve_silence(name: str, by: str | None, *, as_json: bool) -> None:
    """Approve a silence as a second person: it may cover critical alerts too."""
    _change(name, "approve", {"by": by}, as_json=as_json)


@silence.command(name="end", epilog=examples("gateway silence end 1f2e3d4c"))
@click.argument("name", shell_complete=completion.silences)
@BY
@AS_JSON
def end_silence(name: str, by: str | None, *, as_json: bool) -> None:
    """End a silence now; what still fires is told at once."""
    _change(name, "end", {"by": by}, as_json=as_json)


def _change(name: str, action: str, asked: dict[str, str | None], *, as_json: bool) -> None:
    silence = ask("POST", f"/api/v1/silences/{quote(name, safe='')}/{action}", json=asked)
    _print_silence(silence, as_json=as_json)


def _print_silence(silence: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        say_json(silence)
    else:
        show_silence(silence)
