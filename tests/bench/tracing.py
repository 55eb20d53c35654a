"""What tracing costs: one gateway in this process, with it off, for a tenth and for all in turn, run after run.

Webhooks are handed to the ASGI application, without a server of HTTP, whose CPU would make the shares look smaller.
"""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased, ParentBasedTraceIdRatio
from starlette.types import Message

from gateway.app import Gateway, running
from gateway.cli.serve import GC_THRESHOLDS
from gateway.config.environment import Environment
from gateway.config.otlp import SHARE
from gateway.ports.spans import Spans
from gateway.sandbox.slack import DEFAULT_TOKEN
from gateway.telemetry.logging import configure_logging
from gateway.telemetry.tracing.spans import TracedSpans
from tests.bench.load import cpu, webhook

RULES = """
destinations: {chat: {slack: {channel: "#alerts"}}}
routes: [{name: everything, notify: [chat], group_wait: 1h}]
"""
ROUNDS = 12
SENDERS = 16
SEND_EVERY_MS = 500  # spans are sent so often, so that a run pays for its own
IDLE_SECONDS = 20.0
OFF, TENTH, ALL = "off", "a tenth", "all"


@dataclass(frozen=True)
class Load:
    """So many webhooks with so many alerts each. `step` 10 gives each alert an incident of its own, 1 ten of them
    one. `again`: the alerts are known.
    """

    name: str
    webhooks: int
    alerts: int
    step: int = 1
    again: bool = False

    @property
    def incidents(self) -> int:
        return self.webhooks * self.alerts * self.step // 10

    def bodies(self, prefix: str) -> list[bytes]:
        size = self.alerts * self.step
        starts = range(0, self.webhooks * size, size)
        return [webhook(range(at, at + size, self.step), prefix) for at in starts]


REPEATED = Load("repeated, 1 a webhook", 1_500, 1, again=True)
NEW = Load("new, 1 a webhook", 1_000, 1)
HUNDRED = Load("new, 100 a webhook", 30, 100)
INCIDENTS = Load("new incidents, 100 a webhook", 15, 100, step=10)
LOADS = (REPEATED, NEW, HUNDRED, INCIDENTS)


async def tracing(folder: Path) -> None:
    folder.mkdir()
    (folder / "rules.yaml").write_text(RULES, "utf-8")
    os.environ["OTEL_BSP_SCHEDULE_DELAY"] = str(SEND_EVERY_MS)
    with (folder / "log").open("w", encoding="utf-8") as log:
        configure_logging("json", "error", [], log)
        async with _receiver() as endpoint:
            environment = Environment(
                {
                    "GATEWAY_RULES": str(folder / "rules.yaml"),
                    "GATEWAY_DATA_DIR": str(folder / "data"),
                    "SLACK_BOT_TOKEN": DEFAULT_TOKEN,
                    "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
                }
            )
            async with running(environment) as gateway:
                gc.freeze()
                gc.set_threshold(*GC_THRESHOLDS)
                await _print_idle(gateway, int((folder / "data" / "store.pid").read_text()))
                await _compare(gateway)


async def _compare(gateway: Gateway) -> None:
    traced = gateway.metrics.spans
    assert isinstance(traced, TracedSpans)
    variants: dict[str, Spans | None] = {
        OFF: None,
        TENTH: TracedSpans(traced._origin, ParentBasedTraceIdRatio(SHARE)),
        ALL: TracedSpans(traced._origin, ParentBased(ALWAYS_ON)),
    }
    names = list(variants)
    costs: dict[Load, dict[str, list[float]]] = {load: {name: [] for name in names} for load in LOADS}
    for number in range(-1, ROUNDS):  # the first one only warms
        for load in LOADS:
            for name in names[number % 3 :] + names[: number % 3]:
                gateway.asgi_app._spans = variants[name]
                cost = await _run(gateway, load.bodies("again" if load.again else f"{name}{number}"))
                costs[load][name] += [cost] if number >= 0 else []
    print(
        f"CPU of the gateway with tracing off, and how much more it is with it: medians of {ROUNDS} pairs in turn"
    )
    for load, by_name in costs.items():
        _print_load(load, by_name)


def _print_load(load: Load, costs: Mapping[str, Sequence[float]]) -> None:
    each, what = (load.incidents, "an incident") if load is INCIDENTS else (load.webhooks, "a webhook")
    print(f"  {load.name}: {statistics.median(costs[OFF]) / each * 1e6:.0f} µs {what}")
    for name in (TENTH, ALL):
        pairs = list(zip(costs[name], costs[OFF], strict=True))
        more = [(cost - without) / each * 1e6 for cost, without in pairs]
        low, _, high = statistics.quantiles(more, n=4)
        share = statistics.median(cost / without for cost, without in pairs) - 1
        print(
            f"    {name:8} {statistics.median(more):+6.1f} µs (quartiles {low:+.1f} to {high:+.1f}), {share * 100:+.1f} %"
        )


async def _print_idle(gateway: Gateway, store: int) -> None:
    await asyncio.sleep(3)
    before, started = time.process_time() + cpu([store]), time.monotonic()
    await asyncio.sleep(IDLE_SECONDS)
    share = (time.process_time() + cpu([store]) - before) / (time.monotonic() - started)
    print(f"idle with tracing on, gateway + store: {share * 100:.2f} % of a core (goal: under 1 %)")


async def _run(gateway: Gateway, bodies: Sequence[bytes]) -> float:
    """Return the CPU seconds of this process until everything is planned and its spans are sent."""
    begun, waiting = time.process_time(), list(reversed(bodies))

    async def worker() -> None:
        while waiting:
            await _post(gateway, waiting.pop())

    await asyncio.gather(*(worker() for _ in range(SENDERS)))
    while (await gateway.shards.counters()).get("open:waiting", 0):
        await asyncio.sleep(0.1)
    await asyncio.sleep(2 * SEND_EVERY_MS / 1000)
    return time.process_time() - begun


async def _post(gateway: Gateway, body: bytes) -> None:
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": "/webhooks/alertmanager",
        "headers": [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())],
        "client": ("127.0.0.1", 1),
    }
    statuses: list[int] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        statuses.append(message.get("status", 0))

    await gateway.asgi_app(scope, receive, send)
    assert statuses[0] == 200, statuses


@asynccontextmanager
async def _receiver() -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.otlp_sink", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.terminate()
        await process.wait()
