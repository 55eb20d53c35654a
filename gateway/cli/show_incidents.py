"""Show incidents to people: a list that fits into 80 columns, or one by itself."""

from __future__ import annotations

from typing import Any

from rich.text import Text

from gateway.cli.api_client import understood
from gateway.cli.incident_words import COLOURS, KEPT_QUIET, UNTOLD, age, word_of
from gateway.cli.output import list_of, out, text
from gateway.cli.show_incident import print_incident
from gateway.model.severity import Severity

ENDED = {"quiet": 1, "resolved": 2}  # by how far: they come after what fires


def show_incidents(answer: dict[str, Any]) -> None:
    """Print one incident, or a page of them, as the API answers them."""
    with understood():
        _print_incidents(answer["items"]) if "items" in answer else print_incident(answer)


def _print_incidents(incidents: list[dict[str, Any]]) -> None:
    if not incidents:
        out.print("no incidents")
        return
    what_and_where = "what and where"
    table = list_of("incident", "state", "severity", "age", what_and_where, folded=[what_and_where])
    for incident in sorted(incidents, key=_worst_first):
        what = text(incident["title"])
        if incident["where"] and not _says(incident["title"], incident["where"]):
            what.append(f"\n{incident['where']}", style="dim")
        severity = incident["severity"]
        table.add_row(
            incident["id"],
            _state(incident),
            text(severity, style=COLOURS.get(severity, "")),
            age(incident["opened_at"]),
            what,
        )
    out.print(table, soft_wrap=False)


def _worst_first(incident: dict[str, Any]) -> tuple[int, int, str]:
    """Sort by the worst and then the oldest, as `/alerts` does; what has ended comes last."""
    severity = Severity[incident["severity"].upper()]
    return ENDED.get(incident["state"], 0), -severity, incident["opened_at"]


def _says(title: str, where: str) -> bool:
    """Return whether a title ends with the place already."""
    return title == where or title.endswith(f" · {where}")


def _state(incident: dict[str, Any]) -> Text:
    """Say who has it, or what keeps it from people; else its state."""
    if incident["state"] == "closed_by_hand":
        return text(f"closed {incident['closed']['by']}"[:16], style="dim")
    if incident["reason"] in KEPT_QUIET:
        return text(word_of(incident), style="dim")
    if incident["standing"] in UNTOLD:
        return text(word_of(incident), style="magenta")
    if incident["state"] == "acknowledged":
        return text(f"has {incident['acknowledged']['by']}"[:16], style="green")
    return text(incident["state"])
