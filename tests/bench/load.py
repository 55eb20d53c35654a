"""A load generator that costs little: prepared requests over connections that stay open."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gateway.model.fingerprint import fingerprint

TICKS = os.sysconf("SC_CLK_TCK")
STARTED = datetime.now(UTC).isoformat()


@dataclass(frozen=True)
class Cost:
    """Of one run: CPU of all watched processes and wall time, in µs per alert."""

    cpu: float
    wall: float
    alerts: int


def labels(number: int, prefix: str) -> dict[str, str]:
    """Ten pods of a service have the same trouble: one incident."""
    return {
        "alertname": f"HighErrorRate{number // 10 % 20}",
        "cluster": f"eu-{number // 10 % 5}",
        "namespace": "shop",
        "service": f"{prefix}-{number // 10}",
        "instance": f"10.0.{number % 250}.7:9100",
        "pod": f"{prefix}-{number}",
        "severity": "warning",
        "team": "payments",
    }


def webhook(numbers: Sequence[int], prefix: str, **more: str) -> bytes:
    """What Alertmanager would send."""
    return webhook_of([{**labels(number, prefix), **more} for number in numbers])


def webhook_of(label_sets: Sequence[dict[str, str]]) -> bytes:
    alerts = [
        {
            "status": "firing",
            "labels": sent,
            "annotations": {
                "summary": "9 % of the requests fail",
                "runbook_url": "https://runbooks.example/errors",
            },
            "startsAt": STARTED,
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example:9090/graph",
            "fingerprint": fingerprint(sent),
        }
        for sent in label_sets
    ]
    return json.dumps(
        {"version": "4", "status": "firing", "receiver": "g", "groupKey": "{}:{}", "alerts": alerts}
    ).encode()


def posted_alerts(numbers: Sequence[int], prefix: str) -> bytes:
    """The same as Prometheus would post them to Alertmanager."""
    return posted_of([labels(number, prefix) for number in numbers])


def posted_of(label_sets: Sequence[dict[str, str]]) -> bytes:
    alerts = [
        {
            "labels": sent,
            "annotations": {
                "summary": "9 % of the requests fail",
                "runbook_url": "https://runbooks.example/errors",
            },
            "startsAt": STARTED,
            "generatorURL": "http://prometheus.example:9090/graph",
        }
        for sent in label_sets
    ]
    return json.dumps(alerts).encode()


def request(path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def drive(port: int, requests: Sequence[bytes], connections: int) -> None:
    """All of them, as fast as they are answered; each must be answered 200."""
    waiting = list(reversed(requests))

    async def worker() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while waiting:
            writer.write(waiting.pop())
            head = await reader.readuntil(b"\r\n\r\n")
            assert b" 200 " in head.split(b"\r\n", 1)[0], head
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            await reader.readexactly(length)
        writer.close()

    await asyncio.gather(*(worker() for _ in range(connections)))


async def measure(
    port: int, requests: Sequence[bytes], alerts: int, pids: Sequence[int], connections: int = 16
) -> Cost:
    """CPU until everything that these requests set going is done, planning included; wall time until the last
    answer.
    """
    await quiet(pids)
    before, started = cpu(pids), time.perf_counter()
    await drive(port, requests, connections)
    wall = time.perf_counter() - started
    await quiet(pids)
    return Cost((cpu(pids) - before) / alerts * 1e6, wall / alerts * 1e6, alerts)


async def quiet(pids: Sequence[int]) -> None:
    """Until they use next to nothing."""
    for _ in range(120):
        before = cpu(pids)
        await asyncio.sleep(0.5)
        if cpu(pids) - before <= 0.02:
            return


def cpu(pids: Sequence[int]) -> float:
    """Seconds that these processes have used so far."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def memory(pids: Sequence[int]) -> float:
    """Resident MiB."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return total / 1024
