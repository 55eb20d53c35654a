"""A load generator that costs little: prepared requests over connections that stay open."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from gateway.model.fingerprint import fingerprint

STARTED = datetime.now(UTC).isoformat()
CONNECTIONS = 16
AT_ONCE = 100  # alerts a webhook, where nothing else is said
OK, UNAVAILABLE = b"200", b"503"
RETRY_SECONDS = 1.0
CALM_SECONDS = 0.5
CALM_SHARE = 0.04  # of a core: who uses no more than that is done
PATIENCE_SECONDS = 90.0

Labels = Mapping[str, str]


def labels(number: int, prefix: str, **more: str) -> dict[str, str]:
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
        **more,
    }


def batches(label_sets: Iterable[Labels], size: int = AT_ONCE) -> Iterator[list[Labels]]:
    """Cut the alerts into webhooks of this size."""
    batch: list[Labels] = []
    for sent in label_sets:
        batch.append(sent)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def webhook(numbers: Sequence[int], prefix: str, **more: str) -> bytes:
    """The body in which Alertmanager would send these alerts."""
    return webhook_of([labels(number, prefix, **more) for number in numbers])


def webhook_of(label_sets: Sequence[Labels], ended: str = "") -> bytes:
    """The body in which Alertmanager would send alerts that fire, or that ended at this time."""
    alerts = [
        {
            "status": "resolved" if ended else "firing",
            **_said(sent),
            "endsAt": ended or "0001-01-01T00:00:00Z",
            "fingerprint": fingerprint(dict(sent)),
        }
        for sent in label_sets
    ]
    return json.dumps(
        {
            "version": "4",
            "status": alerts[0]["status"],
            "receiver": "g",
            "groupKey": "{}:{}",
            "alerts": alerts,
        }
    ).encode()


def posted_of(label_sets: Sequence[Labels]) -> bytes:
    """The body in which Prometheus would post the same alerts to Alertmanager."""
    return json.dumps([_said(sent) for sent in label_sets]).encode()


def _said(sent: Labels) -> dict[str, object]:
    return {
        "labels": sent,
        "annotations": {
            "summary": "9 % of the requests fail",
            "runbook_url": "https://runbooks.example/errors",
        },
        "startsAt": STARTED,
        "generatorURL": "http://prometheus.example:9090/graph",
    }


def request(path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def to_gateway(body: bytes) -> bytes:
    return request("/webhooks/alertmanager", body)


async def drive(
    port: int, requests: Iterable[bytes], connections: int = CONNECTIONS, every: float = 0.0
) -> list[float]:
    """Send all of them, as fast as they are answered or one `every` so many seconds; return when each was sent.

    What is answered 503 comes again, as from Alertmanager, and that is printed: such a figure is of a machine that
    has too much to do. Every other answer than 200 ends the benchmark.
    """
    waiting, started = enumerate(requests), time.perf_counter()
    moments: dict[int, float] = {}
    refused = 0

    async def worker() -> None:
        nonlocal refused
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number, sent in waiting:
            if every:
                await asyncio.sleep(max(0.0, started + number * every - time.perf_counter()))
            moments[number] = time.time()
            while (status := await _answer(reader, writer, sent)) == UNAVAILABLE:
                refused += 1
                await asyncio.sleep(RETRY_SECONDS)
            assert status == OK, status
        writer.close()

    await asyncio.gather(*(worker() for _ in range(connections)))
    if refused:
        print(f"    {refused} webhooks were answered 503 and came again", flush=True)
    return [moments[number] for number in sorted(moments)]


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: bytes) -> bytes:
    """Send a request, and return the status of its answer."""
    writer.write(sent)
    head = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]))
    return head.split(b" ", 2)[1]


async def quiet(pids: Sequence[int], share: float = CALM_SHARE) -> None:
    """Wait until these processes use no more than this share of a core."""
    for _ in range(round(PATIENCE_SECONDS / CALM_SECONDS)):
        if await used_share(pids, CALM_SECONDS) <= share:
            return


async def used_share(pids: Sequence[int], seconds: float) -> float:
    """Return the share of a core that these processes use in the next seconds."""
    before, started = cpu(pids), time.monotonic()
    await asyncio.sleep(seconds)
    return (cpu(pids) - before) / (time.monotonic() - started)


def cpu(pids: Sequence[int]) -> float:
    """Return the seconds of CPU that these processes have used so far, to the microsecond."""
    # The clock of another process has its id in the upper bits: clock_getcpuclockid(3).
    return sum(time.clock_gettime(~pid << 3 | 2) for pid in pids)


def memory(pids: Sequence[int]) -> float:
    """Return the resident memory of these processes in MiB."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1])
    return total / 1024
