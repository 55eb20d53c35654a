"""A telling as a PagerDuty event (Events API v2).

Limits and fields: https://developer.pagerduty.com/docs/events-api-v2/trigger-events/
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from gateway.model.incident import Told
from gateway.model.severity import Severity
from gateway.model.telling import Line, Telling
from gateway.outbound.text import shorten, spoken, tame, web_address

MAX_SUMMARY = 1_024
MAX_BODY = 500_000  # the vendor takes 512 KB
MAX_URL = 2_000
MEMBERS_SHOWN = 50
CLIENT = "alert gateway"
SEVERITIES = {
    Severity.NONE: "info",
    Severity.INFO: "info",
    Severity.WARNING: "warning",
    Severity.ERROR: "error",
    Severity.CRITICAL: "critical",
}
_encode = msgspec.json.encode


def dedup_key(telling: Telling) -> str:
    """Of incident and generation; the routing key adds the service."""
    return f"{telling.incident}.{telling.generation}"


def action(telling: Telling) -> str:
    return "trigger" if telling.state is Told.FIRING else "resolve"


def render(telling: Telling) -> dict[str, Any]:
    """The trigger's fields beside routing key, action and dedup key."""
    first = telling.lines[0] if telling.lines else None
    labels = first.labels if first else {}
    event: dict[str, Any] = {
        "payload": {
            "summary": shorten(_summary(telling, first), MAX_SUMMARY),
            "source": shorten(tame(_source(telling, labels)), 255) or "alertmanager",
            "severity": SEVERITIES[telling.severity],
            "timestamp": datetime.fromtimestamp(telling.started_at / 1000, UTC).isoformat(),
            "component": shorten(tame(telling.where.get("service") or telling.where.get("job") or ""), 255),
            "group": shorten(
                tame(" ".join(telling.where[name] for name in ("cluster", "namespace") if name in telling.where)), 255
            ),
            "class": shorten(tame(first.name if first else ""), 255),
            "custom_details": _details(telling),
        },
        "client": CLIENT,
        "links": _links(telling),
    }
    if address := web_address(telling.link, MAX_URL):
        event["client_url"] = address
    return _fitted(event)


def _summary(telling: Telling, first: Line | None) -> str:
    place = ", ".join(f"{name}={value}" for name, value in list(telling.where.items())[:4])
    more = f" (+{telling.firing - 1} more)" if telling.firing > 1 else ""
    said = first.summary if first else ""
    return tame(" — ".join(part for part in (f"{telling.title}{more}", said, place) if part)) or "an alert"


def _source(telling: Telling, labels: dict[str, str]) -> str:
    for name in ("instance", "host", "node", "pod", "service", "cluster"):
        if value := telling.where.get(name) or labels.get(name):
            return value
    return "alertmanager"


def _details(telling: Telling) -> dict[str, Any]:
    details: dict[str, Any] = {
        "firing": telling.firing,
        "ended": telling.ended,
        "where": telling.where,
        "alerts": [_member(line) for line in telling.lines[:MEMBERS_SHOWN]],
        "rule": telling.rule,
        "incident": telling.incident,
    }
    if telling.firing + telling.ended > MEMBERS_SHOWN:
        details["more_alerts"] = telling.firing + telling.ended - MEMBERS_SHOWN
    more = {"reason": telling.reason, "goes_on_from": telling.previous, "owner": telling.owner}
    details |= {name: value for name, value in more.items() if value}
    return details


def _member(line: Line) -> dict[str, Any]:
    shown = {"alert": line.name, "severity": line.severity.word, "labels": line.labels, "summary": shorten(line.summary, 1_000)}
    return {**shown, "took": spoken(line.ended_at - line.started_at)} if line.ended_at else shown


def _links(telling: Telling) -> list[dict[str, str]]:
    found: dict[str, str] = {}
    for line in telling.lines[:MEMBERS_SHOWN]:
        for name, url in (("Runbook", line.runbook), ("Dashboard", line.dashboard), ("Source", line.source)):
            if name not in found and (address := web_address(url, MAX_URL)):
                found[name] = address
    return [{"href": url, "text": name} for name, url in found.items()]


def _fitted(event: dict[str, Any]) -> dict[str, Any]:
    """Members go first where the body would be over the vendor's cap."""
    details = event["payload"]["custom_details"]
    while len(_encode(event)) > MAX_BODY and details["alerts"]:
        kept = len(details["alerts"]) // 2
        details["alerts"] = details["alerts"][:kept]
        details["shortened"] = f"only {kept} alerts fit"
    if len(_encode(event)) > MAX_BODY:
        details["where"] = {name: shorten(value, 200) for name, value in list(details["where"].items())[:20]}
    return event
