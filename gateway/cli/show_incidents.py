"""Show incidents to people: a list that fits into 80 columns, and one incident with all that is known of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from rich.text import Text

from gateway.cli.api_client import understood
from gateway.cli.output import list_of, out, to_the_second
from gateway.clock import utc_now
from gateway.model.durations import spoken

MAX_ALERTS_SHOWN = 20
MAX_TIMELINE_LINES_SHOWN = 20  # newest first
COLOURS = {"critical": "bold red", "error": "red", "warning": "yellow", "info": "cyan"}
# What keeps news of an incident from people, as it stands in the list; any other reason is no state of its own.
KEPT_QUIET = {
    "silenced": "SILENCED",
    "muted": "MUTED",
    "maintenance": "MAINTENANCE",
    "inhibited": "INHIBITED",
    "paused": "PAUSED",
    "unrouted": "UNROUTED",
}


def show_incidents(answer: dict[str, Any]) -> None:
    """Print one incident, or a page of them, as the API answers them."""
    with understood():
        _print_incidents(answer["items"]) if "items" in answer else _print_incident(answer)


def _print_incidents(incidents: list[dict[str, Any]]) -> None:
    if not incidents:
        out.print("no incidents")
        return
    what_and_where = "what and where"
    table = list_of("incident", "state", "severity", "age", what_and_where, folded=[what_and_where])
    for incident in incidents:
        what = Text(incident["title"])
        if incident["where"]:
            what.append(f"\n{incident['where']}", style="dim")
        severity = incident["severity"]
        table.add_row(
            incident["id"],
            _state(incident),
            Text(severity, style=COLOURS.get(severity, "")),
            age(incident["opened_at"]),
            what,
        )
    out.print(table, soft_wrap=False)


def _state(incident: dict[str, Any]) -> Text:
    """Say who has it, or what keeps it from people; else its state."""
    if incident["state"] == "closed_by_hand":
        return Text(f"closed {incident['closed']['by']}"[:16], style="dim")
    if incident["reason"] in KEPT_QUIET:
        return Text(KEPT_QUIET[incident["reason"]], style="dim")
    if incident["standing"] in ("held", "undeliverable"):
        return Text(incident["standing"].upper(), style="magenta")
    if incident["state"] == "acknowledged":
        return Text(f"has {incident['acknowledged']['by']}"[:16], style="green")
    return Text(incident["state"])


def age(opened_at: str) -> str:
    elapsed = utc_now() - datetime.fromisoformat(opened_at)
    return spoken(max(0, round(elapsed.total_seconds() * 1000)))


def _by_people(incident: dict[str, Any]) -> Iterator[str]:
    """Yield what people did with it, with the note that they left."""
    who, closed = incident["acknowledged"], incident["closed"]
    if who:
        yield f"acknowledged by {who['by']} at {to_the_second(who['at'])}"
    if closed:
        note = f": {closed['note']}" if closed["note"] else ""
        yield f"closed by {closed['by']} until {to_the_second(closed['until'])}{note}"


def _print_incident(incident: dict[str, Any]) -> None:
    id_, state, severity, title = (incident[name] for name in ("id", "state", "severity", "title"))
    out.print(f"{id_}  {state}  {severity}  {title}")
    out.print(
        f"{incident['where'] or 'in several places'}, since {to_the_second(incident['opened_at'])},"
        f" {incident['firing']} of {incident['members']} firing, correlated by {incident['correlated_by']}",
    )
    for line in _by_people(incident):
        out.print(line)
    for ledger in incident.get("ledgers", ()):
        trouble = f"  {ledger['error']}" if ledger["error"] else ""
        out.print(f"  {ledger['target']:24} told {ledger['told']}{trouble}")
    alerts = list({alert["id"]: alert for alert in incident.get("alerts", ())}.values())
    for alert in alerts[:MAX_ALERTS_SHOWN]:
        verdicts = [verdict for verdict in incident["verdicts"] if verdict["alert"] == alert["id"]]
        _print_alert(alert, alerts, verdicts)
    if len(alerts) > MAX_ALERTS_SHOWN:
        out.print(f"  … and {len(alerts) - MAX_ALERTS_SHOWN} more: `--json` has them all")
    for line in incident.get("timeline", ())[:MAX_TIMELINE_LINES_SHOWN]:
        detail = ", ".join(
            f"{name}: {value}" for name, value in line["detail"].items() if value not in ("", 0)
        )
        out.print(f"  {to_the_second(line['at'])}  {line['what']}  {detail}")


def _print_alert(
    alert: dict[str, Any],
    members: list[dict[str, Any]],
    verdicts: list[dict[str, Any]],
) -> None:
    """Print an alert by the labels that not all `members` of its incident share, and its verdicts."""
    of_each = [set(member["labels"].items()) for member in members]
    shared = set.intersection(*of_each) if len(members) > 1 else set()
    labels = ", ".join(
        f"{name}={value}" for name, value in alert["labels"].items() if (name, value) not in shared
    )
    out.print(f"  {labels}: {'fires' if alert['firing'] else 'ended'}")
    for line in dict.fromkeys(_verdict_line(verdict) for verdict in verdicts):
        out.print(line)


def _verdict_line(verdict: dict[str, Any]) -> str:
    target = verdict["target"] or "(nobody)"
    because = f", {verdict['because']}" if verdict["because"] else ""
    until = f", until {to_the_second(verdict['until'])}" if verdict["until"] else ""
    return f"    {target}: {verdict['standing']}, {verdict['reason']}: {verdict['rule']}{because}{until}"
