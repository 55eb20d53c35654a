"""Tables and lines that the commands print for people."""

from __future__ import annotations

import sys
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gateway.cli.api_client import _no_gateway

WIDE = 200  # columns, where no terminal says how many
ALERTS_SHOWN = 20
LINES_SHOWN = 20  # of the timeline, newest first
out = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else WIDE)


def show(found: dict[str, Any]) -> None:
    """An incident, or a page of them."""
    try:
        _print_incidents(found["items"]) if "items" in found else _print_incident(found)
    except (AttributeError, KeyError, TypeError) as error:
        raise _no_gateway("something answers there that is not understood") from error


def _print_incidents(items: list[dict[str, Any]]) -> None:
    if not items:
        out.print("no incidents")
        return
    table = Table(box=None, header_style="bold")
    for column in ("incident", "state", "severity", "title", "firing", "since", "who"):
        table.add_column(column, no_wrap=column != "title")
    for one in items:
        who = (one["acknowledged"] or {}).get("by", "")
        table.add_row(one["id"], one["state"], one["severity"], one["title"], str(one["firing"]), second(one["opened_at"]), who)
    out.print(table)


def show_silences(found: dict[str, Any]) -> None:
    items = found["items"]
    if not items:
        out.print("no silences")
        return
    table = Table(box=None, header_style="bold")
    for column in ("silence", "state", "until", "by", "matchers", "why"):
        table.add_column(column, no_wrap=column not in ("matchers", "why"))
    for one in items:
        why = " ".join(part for part in (one["ticket"], one["reason"]) if part)
        table.add_row(
            one["id"], one["state"], second(one["ends_at"]), one["by"], escape(", ".join(one["matchers"])), escape(why)
        )
    out.print(table)


def show_silence(one: dict[str, Any]) -> None:
    out.print(f"{one['id']}  {one['state']}  until {second(one['ends_at'])}  {', '.join(one['matchers'])}", markup=False)
    if one["approved_by"]:
        out.print(f"approved by {one['approved_by']}", markup=False)
    if one["ended_by"]:
        out.print(f"ended by {one['ended_by']}", markup=False)


def _print_incident(one: dict[str, Any]) -> None:
    out.print(f"{one['id']}  {one['state']}  {one['severity']}  {one['title']}", markup=False)
    out.print(
        f"since {second(one['opened_at'])}, {one['firing']} of {one['members']} firing, correlated by {one['correlated_by']}",
        markup=False,
    )
    for ledger in one.get("ledgers", ()):
        trouble = f"  {ledger['error']}" if ledger["error"] else ""
        out.print(f"  {ledger['target']:24} told {ledger['told']}{trouble}", markup=False)
    alerts = list({alert["id"]: alert for alert in one.get("alerts", ())}.values())
    for alert in alerts[:ALERTS_SHOWN]:
        _print_alert(alert, alerts, [verdict for verdict in one["verdicts"] if verdict["alert"] == alert["id"]])
    if len(alerts) > ALERTS_SHOWN:
        out.print(f"  … and {len(alerts) - ALERTS_SHOWN} more alerts: `--json` has them all")
    for line in one.get("timeline", ())[:LINES_SHOWN]:
        said = ", ".join(f"{name}: {value}" for name, value in line["detail"].items() if value not in ("", 0))
        out.print(f"  {second(line['at'])}  {line['what']}  {said}", markup=False)


def _print_alert(alert: dict[str, Any], beside: list[dict[str, Any]], verdicts: list[dict[str, Any]]) -> None:
    """With the labels that not all of them share, and at each target what it is to it and why."""
    shared = set.intersection(*(set(one["labels"].items()) for one in beside)) if len(beside) > 1 else set()
    labels = ", ".join(f"{name}={value}" for name, value in alert["labels"].items() if (name, value) not in shared)
    out.print(f"  {labels}: {'fires' if alert['firing'] else 'ended'}", markup=False)
    lines = [
        f"    {one['target'] or '(nobody)'}: {one['standing']}, {one['reason']}: {one['rule']}"
        f"{', ' + one['because'] if one['because'] else ''}{', until ' + second(one['until']) if one['until'] else ''}"
        for one in verdicts
    ]
    for line in dict.fromkeys(lines):
        out.print(line, markup=False)


def second(moment: str | None) -> str:
    """An instant of the API, to the second."""
    return f"{moment[:19]}Z" if moment else ""
