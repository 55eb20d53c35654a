"""Tables and lines that the commands print for people from the answers of the API."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gateway.cli.api_client import no_gateway

COLUMNS_WITHOUT_TERMINAL = 200
MAX_ALERTS_SHOWN = 20
MAX_TIMELINE_LINES_SHOWN = 20  # newest first
out = Console(
    highlight=False,
    soft_wrap=True,
    width=None if sys.stdout.isatty() else COLUMNS_WITHOUT_TERMINAL,
)


def show_incidents(answer: dict[str, Any]) -> None:
    """Print one incident, or a page of them, as the API answers them."""
    try:
        _print_incidents(answer["items"]) if "items" in answer else _print_incident(answer)
    except (AttributeError, KeyError, TypeError) as error:
        raise no_gateway("something answers there that is not understood") from error


def _print_incidents(incidents: list[dict[str, Any]]) -> None:
    if not incidents:
        out.print("no incidents")
        return
    table = Table(box=None, header_style="bold")
    for column in ("incident", "state", "severity", "title", "firing", "since", "who"):
        table.add_column(column, no_wrap=column != "title")
    for incident in incidents:
        table.add_row(
            incident["id"],
            incident["state"],
            incident["severity"],
            incident["title"],
            str(incident["firing"]),
            to_the_second(incident["opened_at"]),
            (incident["acknowledged"] or {}).get("by", ""),
        )
    out.print(table)


def show_silences(answer: dict[str, Any]) -> None:
    silences = answer["items"]
    if not silences:
        out.print("no silences")
        return
    table = Table(box=None, header_style="bold")
    for column in ("silence", "state", "until", "by", "matchers", "why"):
        table.add_column(column, no_wrap=column not in ("matchers", "why"))
    for silence in silences:
        table.add_row(
            silence["id"],
            silence["state"],
            to_the_second(silence["ends_at"]),
            silence["by"],
            escape(", ".join(silence["matchers"])),
            escape(" ".join(part for part in (silence["ticket"], silence["reason"]) if part)),
        )
    out.print(table)


def show_silence(silence: dict[str, Any]) -> None:
    until, matchers = to_the_second(silence["ends_at"]), ", ".join(silence["matchers"])
    out.print(f"{silence['id']}  {silence['state']}  until {until}  {matchers}", markup=False)
    if silence["approved_by"]:
        out.print(f"approved by {silence['approved_by']}", markup=False)
    if silence["ended_by"]:
        out.print(f"ended by {silence['ended_by']}", markup=False)


def _print_incident(incident: dict[str, Any]) -> None:
    id_, state, severity, title = (incident[name] for name in ("id", "state", "severity", "title"))
    out.print(f"{id_}  {state}  {severity}  {title}", markup=False)
    out.print(
        f"since {to_the_second(incident['opened_at'])}, {incident['firing']} of {incident['members']} firing,"
        f" correlated by {incident['correlated_by']}",
        markup=False,
    )
    for ledger in incident.get("ledgers", ()):
        trouble = f"  {ledger['error']}" if ledger["error"] else ""
        out.print(f"  {ledger['target']:24} told {ledger['told']}{trouble}", markup=False)
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
        out.print(f"  {to_the_second(line['at'])}  {line['what']}  {detail}", markup=False)


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
    out.print(f"  {labels}: {'fires' if alert['firing'] else 'ended'}", markup=False)
    for line in dict.fromkeys(_verdict_line(verdict) for verdict in verdicts):
        out.print(line, markup=False)


def _verdict_line(verdict: dict[str, Any]) -> str:
    target = verdict["target"] or "(nobody)"
    because = f", {verdict['because']}" if verdict["because"] else ""
    until = f", until {to_the_second(verdict['until'])}" if verdict["until"] else ""
    return f"    {target}: {verdict['standing']}, {verdict['reason']}: {verdict['rule']}{because}{until}"


def to_the_second(instant: str | None) -> str:
    """Return an instant of the API (RFC 3339) without its fraction of a second; an empty text for null."""
    return f"{instant[:19]}Z" if instant else ""
