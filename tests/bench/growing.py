"""What an alert costs that joins an incident of which people know, by how many the incident has already."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from itertools import pairwise
from pathlib import Path

from gateway.sandbox import SlackSandbox
from tests.bench.load import Cost, cpu, drive, measure, posted_of, quiet, request, webhook_of
from tests.support.processes import GatewayProcess

INCIDENTS = 50
AT_ONCE = 100  # alerts a webhook
STAGES = (0, 100, 200, 300, 400)  # members of each incident
EVERY = 1 / 30  # seconds between two alerts that come one by one
ONE_BY_ONE = 300
RULES = f"""
destinations:
  chat: {{slack: {{channel: "#{{namespace}}", allow: [{", ".join(f"c{n}" for n in range(INCIDENTS))}]}}}}
  pager: {{pagerduty: {{routing_key: {{env: PAGERDUTY_ROUTING_KEY}}}}}}
correlate: [{{name: service, by: [service], max_alerts: 1000}}]
routes: [{{name: everything, notify: [chat], page: [pager], page_when: {{any: [{{severity: critical}}]}}, group_wait: 0s}}]
"""


def _labels(incident: int, member: int) -> dict[str, str]:
    return {
        "alertname": "HighErrorRate",
        "cluster": "eu-1",
        "namespace": f"c{incident % INCIDENTS}",
        "service": f"growing-{incident}",
        "instance": f"10.0.{member}.7:9100",
        "pod": f"growing-{incident}-{member}",
        "severity": "warning",
        "team": "payments",
    }


def _batches(first: int, last: int) -> list[list[dict[str, str]]]:
    """One more alert of each incident after the other, a hundred a webhook."""
    found = [_labels(incident, member) for member in range(first, last) for incident in range(INCIDENTS)]
    return [found[at : at + AT_ONCE] for at in range(0, len(found), AT_ONCE)]


async def one_by_one(gateway: GatewayProcess, pids: Sequence[int]) -> None:
    """Thirty alerts a second, each in a webhook of its own, into one incident."""
    await drive(gateway.port, [_webhook([_labels(INCIDENTS, member) for member in range(STAGES[-1])])], 1)
    await asyncio.sleep(3)
    await quiet(pids)
    before, started = cpu(pids), time.perf_counter()
    for number in range(ONE_BY_ONE):
        await drive(gateway.port, [_webhook([_labels(INCIDENTS, STAGES[-1] + number)])], 1)
        await asyncio.sleep(max(0.0, started + (number + 1) * EVERY - time.perf_counter()))
    took, used = time.perf_counter() - started, cpu(pids) - before
    print(
        f"30 alerts/s, one a webhook, into one incident of {STAGES[-1]}: {used / ONE_BY_ONE * 1e6:,.0f} µs an alert, "
        f"{used / took:.0%} of a core, {ONE_BY_ONE * EVERY:.0f} s of them in {took:.0f} s"
    )


async def growing(
    gateway: GatewayProcess,
    pids: Sequence[int],
    slack: SlackSandbox,
    alertmanager: Callable[[Path], AbstractContextManager[tuple[int, int]]],
) -> None:
    await one_by_one(gateway, pids)
    print(
        f"CPU per alert in µs, {AT_ONCE} a webhook into {INCIDENTS} incidents that grow, gateway + store | Alertmanager | ratio"
    )
    ours, theirs = Cost(0, 0, 0), Cost(0, 0, 0)
    with alertmanager(gateway.folder) as (port, pid):
        # People know of each incident before it grows.
        await drive(gateway.port, [_webhook(batch) for batch in _batches(0, 1)], 1)
        await drive(port, [_post(batch) for batch in _batches(0, 1)], 1)
        while sum(call.method == "chat.postMessage" for call in slack.calls) <= INCIDENTS:
            await asyncio.sleep(0.2)
        for first, last in pairwise(STAGES):
            batches = _batches(first + (first == 0), last)
            alerts = sum(map(len, batches))
            mine = await measure(gateway.port, [_webhook(batch) for batch in batches], alerts, pids, 4)
            other = await measure(port, [_post(batch) for batch in batches], alerts, [pid], 4)
            _row(f"{first} to {last} members", mine, other)
            ours, theirs = _sum(ours, mine), _sum(theirs, other)
        _row("all of it", ours, theirs)


def _webhook(batch: Sequence[dict[str, str]]) -> bytes:
    return request("/webhooks/alertmanager", webhook_of(batch))


def _post(batch: Sequence[dict[str, str]]) -> bytes:
    return request("/api/v2/alerts", posted_of(batch))


def _sum(one: Cost, other: Cost) -> Cost:
    alerts = one.alerts + other.alerts
    cpu = one.cpu * one.alerts + other.cpu * other.alerts
    wall = one.wall * one.alerts + other.wall * other.alerts
    return Cost(cpu / alerts, wall / alerts, alerts)


def _row(what: str, ours: Cost, theirs: Cost) -> None:
    print(f"  {what:20} {ours.cpu:8.1f} | {theirs.cpu:6.1f} | {ours.cpu / theirs.cpu:6.2f}")
