"""A storm as Alertmanager would send it: a cascading outage, a flapping disk, noise, a Watchdog; every alert
reported by two Prometheus replicas, every webhook sent by both peers of an Alertmanager pair, groups sent
whole and repeated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from gateway.model.fingerprint import fingerprint

GROUP_WAIT, GROUP_INTERVAL, REPEAT_INTERVAL = 10, 40, 200  # seconds of the storm
PEER_WAIT = 4  # seconds after the first peer, in which the second one sends the same
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


BOOK = {"runbook_url": "https://runbooks.example/postgres", "dashboard_url": "https://grafana.example/d/shop"}


@dataclass(frozen=True, slots=True)
class Trouble:
    """`times` alerts: each starts `apart` seconds after the one before it and ends `ends_apart` after that
    one's end.
    """

    name: str
    start: int
    end: int
    severity: str
    summary: str
    service: str = ""
    pod: str = ""
    node: str = ""
    times: int = 1
    apart: int = 0
    ends_apart: int = 0
    links: Mapping[str, str] = field(default_factory=dict)

    def happenings(self) -> Iterator[Happening]:
        for number in range(self.times):
            own = {
                "service": self.service,
                "pod": f"{self.pod}-{number}" if self.pod else "",
                "node": self.node,
            }
            labels = {
                "alertname": self.name,
                "severity": self.severity,
                "cluster": "eu-1",
                "namespace": "shop",
            }
            labels |= {name: value for name, value in own.items() if value}
            start, end = self.start + self.apart * number, self.end + self.ends_apart * number
            yield Happening(labels, start, end, self.summary, dict(self.links))


TROUBLES = (
    Trouble("PostgresDown", 20, 520, "critical", "The primary of payments-db does not answer", "payments",
            "payments-db", links=BOOK),
    Trouble("ServiceDown", 95, 540, "critical", "checkout answers nothing", "checkout", links=BOOK),
    Trouble("HighErrorRate", 85, 560, "error", "9 % of the requests to frontend fail", "frontend", links=BOOK),
    Trouble("HighErrorRate", 40, 530, "critical", "Half of all payments fail", "payments", "payments", times=6,
            apart=4, ends_apart=3, links=BOOK),
    Trouble("HighResponseTime", 70, 545, "warning", "checkout takes 4 s", "checkout", "checkout", times=4,
            apart=5, links=BOOK),
    Trouble("DiskPressure", 60, 95, "warning", "node-7 is short of disk", "node", node="node-7", times=7, apart=70,
            ends_apart=70),
    Trouble("HighMemoryUsage", 130, 300, "warning", "A worker uses 92 % of its memory", "batch", "batch", times=12,
            apart=9, ends_apart=20),
    Trouble("Watchdog", 0, LENGTH, "none", "Alerting works"),
)  # fmt: skip


def happenings() -> list[Happening]:
    """One thing that goes wrong, and until when."""
    return [happening for trouble in TROUBLES for happening in trouble.happenings()]


def storm(begin: datetime, speed: float = 1.0) -> list[Webhook]:
    """Return every webhook in the order of arrival.

    `begin` is the storm's second 0. The times in the webhooks are `speed` times closer together.
    """
    groups: dict[tuple[str, str], list[Happening]] = {}
    for happening in happenings():
        labels = happening.labels
        groups.setdefault((labels["alertname"], labels.get("service", "")), []).append(happening)
    found = [
        Webhook(at + peer * PEER_WAIT, _body(name, service, members, at, begin, peer, speed))
        for (name, service), members in groups.items()
        for at in _flushes(members)
        for peer in (0, 1)
    ]
    return sorted(found, key=lambda webhook: webhook.at)


def _flushes(members: list[Happening]) -> Iterator[int]:
    """Return when Alertmanager sends this group: after its wait, when it changed, and again after the repeat
    interval.
    """
    at = min(member.start for member in members) + GROUP_WAIT
    last, shown = -REPEAT_INTERVAL, ""
    while at < LENGTH + GROUP_INTERVAL:
        state = repr(
            [(member.start, at >= member.end) for member in _visible(members, at, at - GROUP_INTERVAL)]
        )
        firing = any(member.start <= at < member.end for member in members)
        if state not in (shown, "[]") or (firing and at - last >= REPEAT_INTERVAL):
            yield at
            last, shown = at, state
        at += GROUP_INTERVAL


def _visible(members: list[Happening], at: int, before: int) -> list[Happening]:
    """Return what fires at `at`, and what ended since the previous flush, at `before`."""
    return [member for member in members if member.start <= at and member.end > before]


def _body(
    name: str, service: str, members: list[Happening], at: int, begin: datetime, peer: int, speed: float
) -> Json:
    alerts = [
        _sent(member, replica, at, begin, speed)
        for member in _visible(members, at, at - GROUP_INTERVAL)
        for replica in REPLICAS
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
