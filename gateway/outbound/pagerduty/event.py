"""A notification as a PagerDuty event (Events API v2).

`notifier.py` sends it: a trigger and where needed an acknowledgement, or a resolve. The values come from
`decisions/delivery/compose.py`; docs/pagerduty.md lists what PagerDuty gets.

Limits and fields: https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gateway.model.durations import spoken
from gateway.model.instants import instant
from gateway.model.ledger import NotifiedState
from gateway.model.notification import AlertLine, Notification
from gateway.model.severity import Severity
from gateway.outbound.wording import gist, in_all_of, named_place, not_sent, shorten, tame, web_address

MAX_SUMMARY = 1_024
MAX_BODY = 500_000  # bytes; the vendor takes 512 KB, and the key and the action come on top
MAX_FIELD = 255
MAX_URL = 2_000
MEMBERS_SHOWN = 50
WHERE_SHOWN = 20
CLIENT = "alert gateway"
SEVERITIES = {
    Severity.NONE: "info",
    Severity.INFO: "info",
    Severity.WARNING: "warning",
    Severity.ERROR: "error",
    Severity.CRITICAL: "critical",
}


def dedup_key(notification: Notification) -> str:
    """Return the dedup key: incident and generation, unique within the service of the routing key."""
    return f"{notification.incident}.{notification.generation}"


def action(notification: Notification) -> str:
    # Members that ended, were closed or moved concern this service no more, so its page must not stay open.
    return "trigger" if notification.state is NotifiedState.FIRING else "resolve"


def render(notification: Notification) -> dict[str, Any]:
    """Return the trigger event's fields except routing key, action and dedup key."""
    event: dict[str, Any] = {
        "payload": _payload(notification),
        "client": CLIENT,
        "links": _links(notification),
    }
    if address := web_address(notification.link, MAX_URL):
        event["client_url"] = address
    return _fitted(event)


def size(event: Mapping[str, Any]) -> int:
    """Count the bytes as they are sent: everything beyond ASCII is escaped, which makes it up to three times
    as long as UTF-8.
    """
    return len(json.dumps(event))


def _payload(notification: Notification) -> dict[str, Any]:
    first = notification.lines[0] if notification.lines else None
    service = notification.service
    scope = [value for value in notification.place.values() if value != service]
    named = {"component": service, "group": " ".join(scope), "class": first.name if first else ""}
    return {
        "summary": _summary(notification),
        # PagerDuty refuses an event without a source, and an alert need not say what it is about.
        "source": _field(notification.thing) or "alertmanager",
        "severity": SEVERITIES[notification.severity],
        "timestamp": instant(notification.started_at).isoformat(),
        **{name: shown for name, value in named.items() if (shown := _field(value))},
        "custom_details": _details(notification),
    }


def _field(text: str) -> str:
    return shorten(tame(text), MAX_FIELD)


def _summary(notification: Notification) -> str:
    """The thing stands at its start and the facts follow, since phones and the voice call cut the rest."""
    title, said = shorten(tame(notification.title), 300), shorten(tame(gist(notification)), 500)
    text = tame(" — ".join(part for part in (title, said, named_place(notification)) if part))
    # PagerDuty refuses an event without a summary, and then nobody would be paged.
    return shorten(text, MAX_SUMMARY) or "an alert"


def _details(notification: Notification) -> dict[str, Any]:
    details: dict[str, Any] = {
        "firing": notification.firing,
        "ended": notification.ended,
        "where": notification.where,
        "alerts": [_member(line) for line in notification.lines[:MEMBERS_SHOWN]],
        "rule": shorten(notification.rule, 1_000),
        "incident": notification.incident,
    }
    details |= {"moved": notification.moved} if notification.moved else {}
    if (more := notification.alerts - len(details["alerts"])) > 0:
        details["more_alerts"] = more
    said = {
        "in_all": in_all_of(notification),
        "flapping": notification.often.how_often() if notification.often is not None else "",
        "not_sent": not_sent(notification),
        "reason": notification.reason,
        "suppressed": notification.silenced_after_notify,
        "told_only_now": notification.hidden.in_words(notification.at) if notification.hidden else "",
        "goes_on_from": notification.previous,
        "owner": notification.owner,
    }
    return details | {name: shorten(value, 1_000) for name, value in said.items() if value}


def _member(line: AlertLine) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "alert": line.name,
        "severity": line.severity.word,
        "labels": line.labels,
        "summary": shorten(line.summary, 1_000),
    }
    shown |= {"description": shorten(line.description, 2_000)} if line.description else {}
    others = {
        name: shorten(text, 1_000)
        for name, text in line.annotations.items()
        if text not in (line.summary, line.description)
    }
    shown |= {"annotations": others} if others else {}
    shown |= {"sent_as": line.sent_severity} if line.sent_severity else {}
    shown |= {"fired_times": line.times} if line.times > 1 else {}
    shown |= {"suppressed": line.silenced_after_notify} if line.silenced_after_notify else {}
    shown |= {"moved": "told here no longer"} if line.moved else {}
    return shown | ({"took": spoken(line.ended_at - line.started_at)} if line.ended_at else {})


def _links(notification: Notification) -> list[dict[str, str]]:
    """Return the first valid URL of each kind (Runbook, Dashboard, Source), and the incident's own."""
    found: dict[str, str] = {}
    for line in notification.lines[:MEMBERS_SHOWN]:
        for name, url in (("Runbook", line.runbook), ("Dashboard", line.dashboard), ("Source", line.source)):
            if name not in found and (address := web_address(url, MAX_URL)):
                found[name] = address
    if address := web_address(notification.link, MAX_URL):
        found["Incident"] = address
    return [{"href": url, "text": name} for name, url in found.items()]


def _fitted(event: dict[str, Any]) -> dict[str, Any]:
    """If the event is too large, drop member alerts first, then shorten the shared labels."""
    details = event["payload"]["custom_details"]
    every = len(details["alerts"]) + details.get("more_alerts", 0)
    while size(event) > MAX_BODY and details["alerts"]:
        kept = len(details["alerts"]) // 2
        details["alerts"] = details["alerts"][:kept]
        details["shortened"] = f"only {kept} of {every} alerts fit"
    if size(event) > MAX_BODY:
        where = list(details["where"].items())[:WHERE_SHOWN]
        details["where"] = {shorten(name, MAX_FIELD): shorten(value, MAX_FIELD) for name, value in where}
    return event
