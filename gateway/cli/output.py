"""Tables and lines that the commands print for people from the answers of the API."""

from __future__ import annotations

import sys
from collections.abc import Collection
from shutil import get_terminal_size
from typing import Any

from rich.console import Console
from rich.table import Table

COLUMNS_WITHOUT_TERMINAL = 200  # unless COLUMNS says otherwise
# What people wrote (names, reasons, matchers) stands as it is: rich reads no markup and no emoji names in it.
out = Console(
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
    for silence in silences:
        table.add_row(
            silence["id"],
            _silence_state(silence),
            to_the_second(silence["ends_at"]),
            silence["by"],
            ", ".join(silence["matchers"]),
            " ".join(part for part in (silence["ticket"], silence["reason"]) if part),
        )
    out.print(table, soft_wrap=False)


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
