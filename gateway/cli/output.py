"""Tables and lines that the commands print for people from the answers of the API."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterable
from shutil import get_terminal_size
from typing import Any

import click
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from gateway.model.harmless import harmless

COLUMNS_WITHOUT_TERMINAL = 200  # unless COLUMNS says otherwise


class HarmlessConsole(Console):
    """A console that writes what it is given without anything that acts on a terminal but its own colours."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render everything that is printed, the cells of tables included."""
        for segment in super().render(renderable, options):
            # A segment with a control is the console's own, such as that which clears the screen.
            yield segment if segment.control else segment._replace(text=harmless(segment.text))

    def render_str(self, text: str, **more: Any) -> Text:
        """Make a text harmless before it is folded, so that nothing of an escape sequence stays as a text."""
        return super().render_str(harmless(text), **more)


def say(text: str, *, err: bool = False) -> None:
    """Write a line for people."""
    click.echo(harmless(text), err=err)  # noqa: TID251 - this is the one place


def text(words: str, style: str = "") -> Text:
    """Return a harmless text in a style; a text that rich makes by itself has none."""
    return Text(harmless(words), style=style)


def say_json(found: Any) -> None:
    click.echo(json.dumps(found, indent=2))  # noqa: TID251 - every character that acts is escaped


def say_json_lines(lines: str) -> None:
    """Write lines of JSON as they are, in ASCII, so that every character that acts is escaped."""
    for line in lines.splitlines():
        click.echo(json.dumps(json.loads(line)))  # noqa: TID251 - every character that acts is escaped


# What people wrote (names, reasons, matchers) stands as it is: rich reads no markup and no emoji names in it.
out = HarmlessConsole(
    markup=False,
    emoji=False,
    highlight=False,
    soft_wrap=True,
    width=None if sys.stdout.isatty() else get_terminal_size((COLUMNS_WITHOUT_TERMINAL, 0)).columns,
)


def list_of(*columns: str, folded: Collection[str]) -> Table:
    """Return a table for a list. What does not fit into the `folded` columns is folded and never cut off."""
    table = Table(box=None, header_style="bold", padding=(0, 1, 0, 0))
    for column in columns:
        table.add_column(column, no_wrap=column not in folded, overflow="fold")
    return table


def show_silences(answer: dict[str, Any]) -> None:
    silences = answer["items"]
    if not silences:
        out.print("no silences")
        return
    # A matcher without its end is another one.
    folded = ("state", "by", "matchers", "why")
    table = list_of("silence", "state", "until", "by", "matchers", "why", folded=folded)
    # Each matcher has its own line, and is broken only where it is longer than a third of the table.
    longest = max(len(line) for silence in silences for line in _matcher_lines(silence))
    matchers = next(column for column in table.columns if column.header == "matchers")
    matchers.width = max(len("matchers"), min(longest, out.width // 3))
    for silence in silences:
        table.add_row(
            silence["id"],
            _silence_state(silence),
            to_the_second(silence["ends_at"]),
            silence["by"],
            "\n".join(_matcher_lines(silence)),
            " ".join(part for part in (silence["ticket"], silence["reason"]) if part),
        )
    out.print(table, soft_wrap=False)


def _matcher_lines(silence: dict[str, Any]) -> list[str]:
    """Return the matchers, a line each, with a comma after all but the last."""
    *others, last = map(harmless, silence["matchers"])
    return [*(f"{matcher}," for matcher in others), last]


def _silence_state(silence: dict[str, Any]) -> str:
    """Say of a silence that nobody has approved that it covers no critical alert yet."""
    return f"{silence['state']}, unapproved" if silence["needs_approval"] else str(silence["state"])


def show_silence(silence: dict[str, Any]) -> None:
    until, matchers = to_the_second(silence["ends_at"]), ", ".join(silence["matchers"])
    out.print(f"{silence['id']}  {_silence_state(silence)}  until {until}  {matchers}")
    if silence["needs_approval"]:
        approve = f"gateway silence approve {silence['id']}"
        out.print(f"critical alerts are told until a second person approves it: {approve}")
    if silence["approved_by"]:
        out.print(f"approved by {silence['approved_by']}")
    if silence["ended_by"]:
        out.print(f"ended by {silence['ended_by']}")


def to_the_second(instant: str | None) -> str:
    """Return an instant of the API (RFC 3339) without its fraction of a second; an empty text for null."""
    return f"{instant[:19]}Z" if instant else ""
