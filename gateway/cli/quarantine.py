"""`gateway quarantine`: what could not be taken as an alert."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import click

from gateway.cli import completion
from gateway.cli.api_client import ask
from gateway.cli.ids import whole_id
from gateway.cli.options import AS_JSON, examples
from gateway.cli.output import say, say_json, to_the_second
from gateway.model.counted import counted

LISTED = 1_000  # entries: the most that the API answers at once


@click.command(epilog=examples("gateway quarantine", "gateway quarantine --replay 5f1c"))
@click.option(
    "--replay",
    "entry",
    metavar="ID",
    shell_complete=completion.quarantined,
    help="read this entry once more, by the rules as they are now; its first characters are enough",
)
@AS_JSON
def quarantine(entry: str | None, *, as_json: bool) -> None:
    """List what could not be taken as an alert, or read an entry once more."""
    if entry:
        found = ask("POST", f"/api/v1/quarantine/{quote(_whole(entry), safe='')}/replay")
    else:
        found = ask("GET", "/api/v1/quarantine")
    if as_json:
        say_json(found)
    elif entry:
        say(
            f"{counted(found['taken'], 'alert')} taken, {found['too_old']} passed over: they fired too long ago"
        )
    else:
        _print_entries(found["items"])


def _whole(begun: str) -> str:
    """Return the id of the one entry that begins so; the text itself where there is none."""
    entries = ask("GET", "/api/v1/quarantine", params={"limit": str(LISTED)})["items"]
    return whole_id(begun, {entry["id"]: "" for entry in entries})


def _print_entries(entries: list[dict[str, Any]]) -> None:
    if not entries:
        say("nothing is in quarantine")
    for entry in entries:
        fault = f"{entry['field']}: {entry['error']}" if entry["field"] else entry["error"]
        seen = f", the last at {to_the_second(entry['last_seen'])}" if entry["last_seen"] else ""
        # A gateway of an earlier version says neither.
        what = " ".join(filter(None, (entry.get("severity"), entry.get("alertname"))))
        fault = f"{what}: {fault}" if what else fault
        say(f"{entry['id']}  {entry['times']:5} × {fault} (from {entry['source']}{seen})")
