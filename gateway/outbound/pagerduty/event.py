"""A telling as a PagerDuty event (Events API v2).

Limits and fields: https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gateway.model.instants import instant
from gateway.model.ledger import Told
from gateway.model.severity import Severity
from gateway.model.telling import Line, Telling
from gateway.outbound.wording import shorten, spoken, tame, web_address

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
SOURCE_LABELS = ("instance", "host", "node", "pod", "service", "cluster")


def dedup_key(telling: Telling) -> str:
    """Of incident and generation; the routing key adds the service."""
    return f"{telling.incident}.{telling.generation}"


def action(telling: Telling) -> str:
    return "trigger" if telling.state is Told.FIRING else "resolve"


def render(telling: Telling) -> dict[str, Any]:
    """The trigger's fields beside routing key, action and dedup key."""
    event: dict[str, Any] = {"payload": _payload(telling), "client": CLIENT, "links": _links(telling)}
    if address := web_address(telling.link, MAX_URL):
        event["client_url"] = address
    return _fitted(event)


def size(event: Mapping[str, Any]) -> int:
    """In bytes as it is sent: everything beyond ASCII is escaped, which makes it up to three times as long as UTF-8."""
    return len(json.dumps(event))


def _payload(telling: Telling) -> dict[str, Any]:
    first = telling.lines[0] if telling.lines else None
    where = telling.where
    named = {
        "component": where.get("service") or where.get("job") or "",
        "group": " ".join(where[name] for name in ("cluster", "namespace") if name in where),
        "class": first.name if first else "",
    }
    return {
        "summary": _summary(telling, first),
        "source": _source(telling, first),
        "severity": SEVERITIES[telling.severity],
        "timestamp": instant(telling.started_at).isoformat(),
        **{name: shown for name, value in named.items() if (shown := _field(value))},
        "custom_details": _details(telling),
    }


def _field(text: str) -> str:
    return shorten(tame(text), MAX_FIELD)


def _summary(telling: Telling, first: Line | None) -> str:
    """The title and how many more stand at its start, since phones and the voice call cut the rest."""
    place = ", ".join(f"{name}={value}" for name, value in list(telling.where.items())[:4])
    more = f" (+{telling.firing - 1} more)" if telling.firing > 1 else ""
    title = f"{shorten(tame(telling.title), 300)}{more}"
    said = tame(" — ".join(part for part in (title, first.summary if first else "", place) if part))
    return shorten(said, MAX_SUMMARY) or "an alert"


def _source(telling: Telling, first: Line | None) -> str:
    labels = first.labels if first else {}
    for name in SOURCE_LABELS:
        if value := _field(telling.where.get(name) or labels.get(name) or ""):
            return value
    return "alertmanager"


def _details(telling: Telling) -> dict[str, Any]:
    details: dict[str, Any] = {
        "firing": telling.firing,
        "ended": telling.ended,
        "where": telling.where,
        "alerts": [_member(line) for line in telling.lines[:MEMBERS_SHOWN]],
        "rule": shorten(telling.rule, 1_000),
        "incident": telling.incident,
    }
    details |= {"moved": telling.moved} if telling.moved else {}
    if (more := telling.alerts - len(details["alerts"])) > 0:
        details["more_alerts"] = more
    said = {"reason": telling.reason, "suppressed": telling.hushed, "goes_on_from": telling.previous, "owner": telling.owner}
    return details | {name: shorten(value, 1_000) for name, value in said.items() if value}


def _member(line: Line) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "alert": line.name,
        "severity": line.severity.word,
        "labels": line.labels,
        "summary": shorten(line.summary, 1_000),
    }
    shown |= {"fired_times": line.times} if line.times > 1 else {}
    shown |= {"suppressed": line.hushed} if line.hushed else {}
    shown |= {"moved": "told here no longer"} if line.moved else {}
    return shown | ({"took": spoken(line.ended_at - line.started_at)} if line.ended_at else {})


def _links(telling: Telling) -> list[dict[str, str]]:
    """The first of each kind that is an address."""
    found: dict[str, str] = {}
    for line in telling.lines[:MEMBERS_SHOWN]:
        for name, url in (("Runbook", line.runbook), ("Dashboard", line.dashboard), ("Source", line.source)):
            if name not in found and (address := web_address(url, MAX_URL)):
                found[name] = address
    if address := web_address(telling.link, MAX_URL):
        found["Incident"] = address
    return [{"href": url, "text": name} for name, url in found.items()]


def _fitted(event: dict[str, Any]) -> dict[str, Any]:
    """Members go first where the body would be over the vendor's cap, then the length of what they share."""
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
