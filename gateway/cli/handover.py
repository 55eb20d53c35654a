"""`gateway handover`: what a shift leaves to the next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from gateway.cli.api_client import ask
from gateway.cli.incident_words import COLOURS
from gateway.cli.moments import read_past_moment
from gateway.cli.options import AS_JSON, examples
from gateway.cli.output import list_of, out, say, say_json, show_silences, text, to_the_second


@click.command(
    epilog=examples("gateway handover", "gateway handover --since 18:00", "gateway handover --since 8h")
)
@click.option(
    "--since",
    metavar="TIME",
    callback=read_past_moment,
    help="when the shift began, such as 18:00 or 8h; with the interval of the rules' shifts that holds, else 12"
    " hours ago, unless given",
)
@AS_JSON
def handover(since: str | None, *, as_json: bool) -> None:
    """Say what a shift leaves to the next: what is open, what changed, what was silenced or snoozed."""
    found = ask("GET", "/api/v1/handover", params={"since": since} if since else {})
    say_json(found) if as_json else _print(found)


def _print(found: dict[str, Any]) -> None:
    say(f"since {to_the_second(found['since'])} ({found['because']})")
    _part("open", found["open"], found["open_count"], [(one["who"],) for one in found["open"]], ("who",))
    changes = [(_changes(one["changes"]),) for one in found["changed"]]
    _part("changed", found["changed"], found["changed_count"], changes, ("what changed",))
    snoozes = [(one["who"], to_the_second(one["until"])) for one in found["snoozed"]]
    _part("snoozed", found["snoozed"], found["snoozed_count"], snoozes, ("who", "until"))
    earlier = f", and {found['earlier_silences']} from before" if found["earlier_silences"] else ""
    say(f"\nsilences made: {found['silences_count'] or 'none'}{earlier}")
    if found["silences"]:
        show_silences({"items": found["silences"]})


def _part(
    title: str,
    incidents: Sequence[dict[str, Any]],
    count: int,
    cells: Sequence[tuple[str, ...]],
    columns: tuple[str, ...],
) -> None:
    """Print a table of incidents with what is said of each, and how many more there are."""
    say(f"\n{title}: {count or 'none'}")
    if not incidents:
        return
    table = list_of("incident", "severity", "opened", "what", *columns, folded=("what", *columns))
    for incident, said in zip(incidents, cells, strict=True):
        severity = incident["severity"]
        table.add_row(
            incident["incident"],
            text(severity, style=COLOURS.get(severity, "")),
            to_the_second(incident["opened_at"]),
            text(incident["title"]),
            *map(text, said),
        )
    out.print(table, soft_wrap=False)
    if count > len(incidents):
        say(f"… and {count - len(incidents)} more")


def _changes(changes: Sequence[dict[str, str]]) -> str:
    return ", ".join(f"{change['what']} {change['at'][11:16]}" for change in changes)
