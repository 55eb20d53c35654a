"""Show one incident to people, with all that is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from gateway.cli.incident_words import KEPT_QUIET, age, word_of
from gateway.cli.output import out, to_the_second
from gateway.model.counted import counted
from gateway.model.durations import spoken

MAX_ALERTS_SHOWN = 20
MAX_SENTENCES_SHOWN = 3
# The annotations by which rules everywhere say what is broken, and what to do.
SENTENCES = ("summary", "message", "description")
RUNBOOKS = ("runbook_url", "runbook")
MAX_TIMELINE_LINES_SHOWN = 20  # newest first


def print_incident(incident: dict[str, Any]) -> None:
    """Print an incident, as the API answers it."""
    id_, severity, title = (incident[name] for name in ("id", "severity", "title"))
    out.print(f"{id_}  {word_of(incident)}  {severity}  {title}")
    for line in _said_by_alerts(incident.get("alerts", ())):
        out.print(line)
    out.print(
        f"{_place(incident)}{_when(incident)},"
        f" {incident['firing']} of {incident['members']} firing, correlated by {incident['correlated_by']}"
    )
    for line in (*_counted_lives(incident), *_by_people(incident)):
        out.print(line)
    for ledger in incident.get("ledgers", ()):
        out.print(f"  {ledger['target']:24} {_told(ledger)}")
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


def _place(incident: dict[str, Any]) -> str:
    """Say the place that all its alerts share; one alert without a place is not in several."""
    if incident["where"]:
        return f"{incident['where']}, "
    several = len({alert["id"] for alert in incident.get("alerts", ())}) > 1
    return "in several places, " if several else ""


def _counted_lives(incident: dict[str, Any]) -> Iterator[str]:
    """Say how often its alerts fired before the lives that are listed."""
    earlier = incident.get("earlier_lives", ())
    if earlier:
        count = sum(lives["count"] for lives in earlier)
        since = min(lives["first_started_at"] for lives in earlier)
        fired = spoken(1000 * sum(lives["fired_seconds"] for lives in earlier))
        yield f"before these it fired {counted(count, 'time')} since {to_the_second(since)}, {fired} in all"


def _by_people(incident: dict[str, Any]) -> Iterator[str]:
    """Yield what people did with it, with the note that they left."""
    who, closed, snoozed = incident["acknowledged"], incident["closed"], incident.get("snoozed")
    if who:
        note = f": {who['note']}" if who.get("note") else ""
        yield f"acknowledged by {who['by']} at {to_the_second(who['at'])}{note}"
    elif incident["state"] == "open":
        yield f"nobody has it; `gateway incidents {incident['id']} --ack` says that you do"
    if closed:
        note = f": {closed['note']}" if closed["note"] else ""
        yield f"closed by {closed['by']} until {to_the_second(closed['until'])}{note}"
    if snoozed:
        yield f"snoozed by {snoozed['by']} until {to_the_second(snoozed['until'])}"


def _said_by_alerts(alerts: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield what the alerts say of what is broken, and their runbooks, each once."""
    texts = [alert.get("annotations", {}) for alert in alerts]
    said = dict.fromkeys(
        next((each[name] for name in SENTENCES if each.get(name)), "").strip() for each in texts
    )
    runbooks = dict.fromkeys(next((each[name] for name in RUNBOOKS if each.get(name)), "") for each in texts)
    yield from _some([sentence for sentence in said if sentence], "sentence")
    yield from _some([f"runbook: {link}" for link in runbooks if link], "runbook")


def _some(lines: list[str], of_what: str) -> Iterator[str]:
    yield from lines[:MAX_SENTENCES_SHOWN]
    if len(lines) > MAX_SENTENCES_SHOWN:
        more = counted(len(lines) - MAX_SENTENCES_SHOWN, f"more {of_what}")
        yield f"… and {more}: `--json` has them all"


def _when(incident: dict[str, Any]) -> str:
    """Say since when it goes on and for how long, or from when to when it did."""
    began, ended = incident["opened_at"], incident.get("resolved_at")
    if ended:
        return f"from {to_the_second(began)} to {to_the_second(ended)}"
    return f"since {to_the_second(began)} ({age(began)})"


def _told(ledger: dict[str, Any]) -> str:
    """Say what the target was told last and when, and what keeps it from being told more."""
    told_at = ledger.get("told_at")
    when = f" at {to_the_second(told_at)}" if told_at else ""
    trouble = f"  {ledger['error']}" if ledger["error"] else ""
    if ledger.get("log_only"):
        # Nobody was told: who reads this may be the first to know.
        return f"{ledger['told']} in the log only{when}: {ledger['log_only']} is not set{trouble}"
    if ledger["told"] == "none":
        return f"told nothing yet{trouble}"
    if trouble and not ledger.get("first_told_at"):
        return f"may have been told {ledger['told']}, without an answer{trouble}"
    return f"told {ledger['told']}{when}{trouble}"


def _print_alert(
    alert: dict[str, Any], members: list[dict[str, Any]], verdicts: list[dict[str, Any]]
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
    word = "since" if verdict["standing"] == "due" else "until"
    until = f", {word} {to_the_second(verdict['until'])}" if verdict["until"] else ""
    if verdict["reason"] == "log_only":
        return f"    {target}: nobody was told, log_only: {verdict['rule']}{because}"
    if verdict["standing"] == "told" and verdict["reason"] in KEPT_QUIET:
        return f"    {target}: told before, {verdict['reason']} now: {verdict['rule']}{because}{until}"
    return f"    {target}: {verdict['standing']}, {verdict['reason']}: {verdict['rule']}{because}{until}"
