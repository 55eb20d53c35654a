"""A storm as Alertmanager would send it: a cascading outage, a flapping disk, noise, a Watchdog; every alert reported by two
Prometheus replicas, every webhook sent by both peers of an Alertmanager pair, groups sent whole and repeated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from gateway.model.fingerprint import fingerprint

GROUP_WAIT, GROUP_INTERVAL, REPEAT_INTERVAL = 10, 40, 200  # seconds of the storm
PEER_WAIT = 4  # the second peer of the pair sends too, this much later
LENGTH = 900
REPLICAS = ("prometheus-0", "prometheus-1")
ZERO = "0001-01-01T00:00:00Z"

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Happening:
    """One alert of one life, in seconds of the storm."""

    labels: dict[str, str]
    start: int
    end: int
    summary: str = ""
    links: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Webhook:
    """`at` in seconds of the storm."""

    at: float
    body: Json


def happenings() -> list[Happening]:
    """What goes wrong, and until when."""
    book = {"runbook_url": "https://runbooks.example/postgres", "dashboard_url": "https://grafana.example/d/shop"}
    found = [
        _alert(
            "PostgresDown",
            20,
            520,
            "critical",
            "The primary of payments-db does not answer",
            book,
            service="payments",
            pod="payments-db-0",
        ),
        _alert("ServiceDown", 95, 540, "critical", "checkout answers nothing", book, service="checkout"),
        _alert("HighErrorRate", 85, 560, "error", "9 % of the requests to frontend fail", book, service="frontend"),
        _alert("Watchdog", 0, LENGTH, "none", "Alerting works", {}),
    ]
    found += [
        _alert(
            "HighErrorRate",
            40 + 4 * n,
            530 + 3 * n,
            "critical",
            "Half of all payments fail",
            book,
            service="payments",
            pod=f"payments-{n}",
        )
        for n in range(6)
    ]
    found += [
        _alert(
            "HighResponseTime", 70 + 5 * n, 545, "warning", "checkout takes 4 s", book, service="checkout", pod=f"checkout-{n}"
        )
        for n in range(4)
    ]
    found += [
        _alert(
            "DiskPressure", 60 + 70 * n, 95 + 70 * n, "warning", "node-7 is short of disk", {}, service="node", node="node-7"
        )
        for n in range(7)
    ]
    found += [
        _alert(
            "HighMemoryUsage",
            130 + 9 * n,
            300 + 20 * n,
            "warning",
            "A worker uses 92 % of its memory",
            {},
            service="batch",
            pod=f"batch-{n}",
        )
        for n in range(12)
    ]
    return found  # fmt: skip


def _alert(name: str, start: int, end: int, severity: str, summary: str, links: dict[str, str], **labels: str) -> Happening:
    full = {"alertname": name, "severity": severity, "cluster": "eu-1", "namespace": "shop", **labels}
    return Happening(full, start, end, summary, links)


def storm(begin: datetime, speed: float = 1.0) -> list[Webhook]:
    """Every webhook, in the order in which they arrive; `begin` is the storm's second 0, times in them are `speed` times closer."""
    groups: dict[tuple[str, str], list[Happening]] = {}
    for one in happenings():
        groups.setdefault((one.labels["alertname"], one.labels.get("service", "")), []).append(one)
    found = [
        Webhook(at + peer * PEER_WAIT, _body(name, service, members, at, begin, peer, speed))
        for (name, service), members in groups.items()
        for at in _flushes(members)
        for peer in (0, 1)
    ]
    return sorted(found, key=lambda one: one.at)


def _flushes(members: list[Happening]) -> Iterator[int]:
    """When Alertmanager sends this group: after its wait, when it changed, and again after the repeat interval."""
    at = min(one.start for one in members) + GROUP_WAIT
    last, shown = -REPEAT_INTERVAL, ""
    while at < LENGTH + GROUP_INTERVAL:
        state = repr([(one.start, at >= one.end) for one in _visible(members, at, at - GROUP_INTERVAL)])
        firing = any(one.start <= at < one.end for one in members)
        if state not in (shown, "[]") or (firing and at - last >= REPEAT_INTERVAL):
            yield at
            last, shown = at, state
        at += GROUP_INTERVAL


def _visible(members: list[Happening], at: int, before: int) -> list[Happening]:
    """What fires, and what ended since the flush before."""
    return [one for one in members if one.start <= at and one.end > before]


def _body(name: str, service: str, members: list[Happening], at: int, begin: datetime, peer: int, speed: float) -> Json:
    alerts = [
        _sent(one, replica, at, begin, speed) for one in _visible(members, at, at - GROUP_INTERVAL) for replica in REPLICAS
    ]
    group = {"alertname": name, **({"service": service} if service else {})}
    labels = ", ".join(f'{key}="{value}"' for key, value in group.items())
    return {
        "version": "4",
        "groupKey": f"{{}}:{{{labels}}}",
        "truncatedAlerts": 0,
        "status": "firing" if any(alert["status"] == "firing" for alert in alerts) else "resolved",
        "receiver": "gateway",
        "groupLabels": group,
        "commonLabels": group,
        "commonAnnotations": {},
        "externalURL": f"http://alertmanager-{peer}.example:9093",
        "alerts": alerts,
    }


def _sent(one: Happening, replica: str, at: int, begin: datetime, speed: float) -> Json:
    labels = {**one.labels, "prometheus_replica": replica}
    ended = at >= one.end
    annotations = {"summary": one.summary, **one.links}
    return {
        "status": "resolved" if ended else "firing",
        "labels": labels,
        "annotations": {key: value for key, value in annotations.items() if value},
        "startsAt": (begin + timedelta(seconds=one.start / speed)).astimezone(UTC).isoformat(),
        "endsAt": (begin + timedelta(seconds=one.end / speed)).astimezone(UTC).isoformat() if ended else ZERO,
        "generatorURL": f"http://{replica}.example:9090/graph",
        "fingerprint": fingerprint(labels),
    }
