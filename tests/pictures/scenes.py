"""The scenes: what happened, and nothing of how it looks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx

from gateway.sandbox.faults import Fault, FaultKind
from tests.support.running_gateway import Running

RULES = """
destinations:
  chat:  {slack: {channel: "#alerts", mention_on_page: ["@here"]}}
  pager: {pagerduty: {routing_key: {env: PAGERDUTY_ROUTING_KEY}}, fallback: [chat], fallback_after: 1s}
correlate: [{name: by-namespace, by: [namespace, node], window: 10m}]
routes:
  - {name: everything, notify: [chat], page: [pager], page_when: {any: [{severity: critical}]}, group_wait: 300ms, update_interval: 300ms, resolve_after: 1s}
"""
RUNBOOK = "https://runbooks.prometheus-operator.dev/runbooks"
GRAPH = "https://prometheus.example.org/graph?g0.expr=up"
PODS = 1_200
SETTLING_SECONDS = 2.5  # every wait of the rules is over by then
KUBE = {"job": "kube-state-metrics", "service": "kps-kube-state-metrics", "instance": "10.1.4.7:8080",
        "endpoint": "http", "prometheus": "monitoring/k8s", "cluster": "prod-eu"}  # fmt: skip

Labels = Mapping[str, str]


def sent(labels: Labels, *, minutes: float = 0, ended: bool = False, **annotations: str) -> dict[str, object]:
    """An alert as Alertmanager sends it, that began `minutes` ago."""
    now = datetime.now(UTC)
    return {
        "status": "resolved" if ended else "firing",
        "labels": dict(labels),
        "annotations": annotations,
        "startsAt": (now - timedelta(minutes=minutes)).isoformat(),
        "endsAt": now.isoformat() if ended else "0001-01-01T00:00:00Z",
        "generatorURL": GRAPH,
    }


def crash_loop(pod: str, **changed: object) -> dict[str, object]:
    labels = {"alertname": "KubePodCrashLooping", "severity": "critical", "namespace": "shop", "pod": pod,
              "container": "cart", "reason": "CrashLoopBackOff", "uid": "7d9f6c5b-9abc", **KUBE}  # fmt: skip
    return sent(
        labels,
        minutes=12,
        summary="Pod is crash looping.",
        description=f'Pod shop/{pod} (cart) is in waiting state (reason: "CrashLoopBackOff") on cluster prod-eu.',
        runbook_url=f"{RUNBOOK}/kubernetes/kubepodcrashlooping",
        dashboard_url="https://grafana.example.org/d/pods",
        **changed,  # type: ignore[arg-type]
    )


def error_rate(pod: str, share: int, **changed: object) -> dict[str, object]:
    labels = {
        "alertname": "HighErrorRate",
        "severity": "critical",
        "namespace": "shop",
        "service": "cart",
        "pod": pod,
    }
    return sent(
        labels,
        minutes=4,
        summary="Too many requests fail",
        description=f"{pod} answers {share} % of its requests with 5xx.",
        runbook_url=f"{RUNBOOK}/shop/errors",
        **changed,  # type: ignore[arg-type]
    )


def disk(**changed: object) -> dict[str, object]:
    labels = {"alertname": "NodeFilesystemAlmostOutOfSpace", "severity": "warning", "job": "node-exporter",
              "namespace": "monitoring", "pod": "kps-node-exporter-x2x7k", "container": "node-exporter",
              "instance": "10.0.3.17:9100", "node": "node-7", "device": "/dev/nvme0n1p1", "mountpoint": "/var/lib/kubelet",
              "fstype": "ext4", "cluster": "prod-eu"}  # fmt: skip
    return sent(
        labels,
        summary="Filesystem has less than 5% space left.",
        description="Filesystem on /dev/nvme0n1p1, mounted on /var/lib/kubelet, at 10.0.3.17:9100 has only 3.41% available space left.",
        runbook_url=f"{RUNBOOK}/node/nodefilesystemalmostoutofspace",
        **changed,  # type: ignore[arg-type]
    )


async def told(app: Running, *alerts: dict[str, object]) -> None:
    """Send a webhook and wait until everybody knows."""
    answer = await app.webhook(*alerts)
    assert answer.status_code == 200, answer.text
    await asyncio.sleep(SETTLING_SECONDS)


async def firing(app: Running) -> None:
    await told(app, error_rate("cart-0", 38))


async def update(app: Running) -> None:
    await firing(app)
    await told(
        app,
        *[error_rate(f"cart-{number}", 30 + number) for number in range(1, 6)],
        error_rate("frontend", 12),
    )
    await told(app, sent({"alertname": "PostgresDown", "severity": "critical", "namespace": "shop", "pod": "pg-0"},
                         minutes=1, summary="Postgres does not answer"))  # fmt: skip


async def resolve(app: Running) -> None:
    await update(app)
    await told(
        app,
        *[error_rate(f"cart-{number}", 1, ended=True) for number in range(6)],
        error_rate("frontend", 1, ended=True),
        sent(
            {"alertname": "PostgresDown", "severity": "critical", "namespace": "shop", "pod": "pg-0"},
            ended=True,
        ),
    )


async def flapping(app: Running) -> None:
    for _ in range(6):
        await app.webhook(disk())
        await asyncio.sleep(0.6)
        await app.webhook(disk(ended=True))
        await asyncio.sleep(0.4)
    await told(app, disk())


async def silenced(app: Running) -> None:
    labels = {"alertname": "DiskFull", "severity": "critical", "namespace": "db", "node": "n7"}
    await told(app, sent(labels, minutes=6, summary="/data is full", description="/data on n7 is at 99 %."))
    asked = {
        "matchers": ['alertname="DiskFull"'],
        "ends_at": (datetime.now(UTC) + timedelta(hours=1)).isoformat(),
        "by": "maria",
        "reason": "CHG-12 disk swap under way",
        "confirm": True,
    }
    answer = await app.ask("/api/v1/silences", "POST", json=asked)
    assert answer.status_code < 300, answer.text
    await asyncio.sleep(SETTLING_SECONDS)


async def fallback(app: Running) -> None:
    app.pagerduty.faults.add(Fault(FaultKind.STATUS, status=503, count=6))
    await told(app, error_rate("cart-0", 38))
    await asyncio.sleep(4)


async def kube_prometheus(app: Running) -> None:
    await told(app, crash_loop("cart-7d9f6c5b9-abcde"))


async def group_of_1200(app: Running) -> None:
    pods = [
        sent({"alertname": "KubePodNotReady", "severity": "critical", "namespace": "shop", "pod": f"cart-{number}", **KUBE},
             minutes=15, summary="Pod has been in a non-ready state for more than 15 minutes.",
             description=f"Pod shop/cart-{number} has been in a non-ready state for longer than 15 minutes.")
        for number in range(PODS)
    ]  # fmt: skip
    await told(app, *pods)
    await asyncio.sleep(SETTLING_SECONDS)


async def disks(app: Running) -> None:
    await told(app, *[sent({"alertname": "DiskFilling", "severity": "warning", "namespace": "db", "pod": pod, "team": "storage"},
                           minutes=20 - hours, summary="A disk fills up", description=f"/data of {pod} is full in about {hours} hours.")
                      for hours, pod in enumerate(("pg-3", "pg-7", "pg-9"), 4)])  # fmt: skip


async def press(app: Running, action: str, choice: str = "") -> None:
    """Press a button of the newest message, and wait until all that follows is shown."""
    answered = await app.slack.app.press(
        app.slack.channel("alerts"), app.slack.messages("alerts")[-1], action, choice
    )
    assert answered.status == 200, answered
    await asyncio.sleep(SETTLING_SECONDS)


async def acknowledged(app: Running) -> None:
    await firing(app)
    await press(app, "acknowledge")


async def silence_modal(app: Running) -> None:
    await disks(app)
    await press(app, "silence", "custom")


async def why(app: Running) -> None:
    await update(app)
    await press(app, "why")


async def written(app: Running, command: str) -> None:
    """Write a slash command on the page."""
    channel = app.slack.channel("alerts").id
    async with httpx.AsyncClient(trust_env=False) as browser:
        await browser.post(f"{app.slack.page_url}_page/command", data={"channel": channel, "text": command})


async def command(app: Running) -> None:
    await told(app, crash_loop("cart-7d9f6c5b9-abcde"))
    await press(app, "acknowledge")
    await disks(app)
    await written(app, "/alerts")


async def handover(app: Running) -> None:
    await told(app, crash_loop("cart-7d9f6c5b9-abcde"))
    await press(app, "acknowledge")
    await disks(app)
    await press(app, "snooze", "4h")
    await silenced(app)
    await written(app, "/alerts handover")


@dataclass(frozen=True)
class Scene:
    """`play` makes it happen; `pages` are the vendors whose pages are looked at."""

    name: str
    play: Callable[[Running], Awaitable[None]]
    pages: tuple[str, ...] = ("slack",)
    at_end: bool = False  # the page is looked at from its end


SCENES = (
    Scene("firing", firing, ("slack", "pagerduty")),
    Scene("acknowledged", acknowledged, ("slack", "pagerduty")),
    Scene("silence-modal", silence_modal),
    Scene("why", why),
    Scene("command", command, at_end=True),
    Scene("handover", handover, at_end=True),
    Scene("update", update),
    Scene("resolve", resolve),
    Scene("flapping", flapping),
    Scene("silenced", silenced, ("slack", "pagerduty")),
    Scene("fallback", fallback),
    Scene("kube-prometheus", kube_prometheus, ("slack", "pagerduty")),
    Scene("group-of-1200", group_of_1200, ("slack", "pagerduty")),
)
