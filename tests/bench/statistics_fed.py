"""CPU of gateway and store with the statistics fed and not: pairs of runs one after the other, in one gateway."""

from __future__ import annotations

import asyncio
import math
import statistics
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec

import gateway.reconcile.plan as plan_module
import gateway.reconcile.settle as settle_module
from gateway.app import Gateway, running
from gateway.config.environment import Environment
from gateway.model.lanes import Pace
from gateway.telemetry.logging import configure_logging
from tests.bench.load import TICKS, webhook
from tests.support.processes import ROUTING_KEY

PAIRS = 12
INCIDENTS, SIZE = 150, 10  # a run: each incident is a webhook with so many alerts, pages once and ends
T_95 = 2.201  # Student's, for 11 degrees of freedom
PACES = {"pagerduty": Pace(10_000, 10_000)}
RULES = """
destinations: {pager: {pagerduty: {routing_key: {env: PAGERDUTY_ROUTING_KEY}}}}
routes: [{name: everything, page: [pager], group_wait: 0s}]
correlate: [{name: by-service, by: [service], window: 1h}]
"""


@asynccontextmanager
async def _pagerduty() -> AsyncIterator[str]:
    """The local vendors in a process of their own, whose CPU is not ours; the address for events."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway.sandbox", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield str(msgspec.json.decode(await process.stdout.readline())["pagerduty_events_url"])
    finally:
        process.terminate()
        await process.wait()


async def statistics_fed(folder: Path) -> None:
    """Print the ratio of fed to not fed with its interval of 95 %."""
    folder.mkdir()
    (folder / "rules.yaml").write_text(RULES, "utf-8")
    with (folder / "log").open("w", encoding="utf-8") as log:
        configure_logging("json", "error", [], log)
        async with _pagerduty() as events_url:
            environment = Environment(
                {
                    "GATEWAY_RULES": str(folder / "rules.yaml"),
                    "GATEWAY_DATA_DIR": str(folder / "data"),
                    "PAGERDUTY_ROUTING_KEY": ROUTING_KEY,
                    "PAGERDUTY_EVENTS_URL": events_url,
                }
            )
            async with running(environment, PACES) as gateway:
                store = int((folder / "data" / "store.pid").read_text())
                await _run(gateway, store, "warm")
                ratios = [await _pair(gateway, store, number) for number in range(PAIRS)]
    logs = [math.log(ratio) for ratio in ratios]
    middle, half = statistics.mean(logs), T_95 * statistics.stdev(logs) / math.sqrt(len(logs))
    low, high = math.exp(middle - half), math.exp(middle + half)
    print(
        f"CPU with statistics fed / not, {PAIRS} pairs of {INCIDENTS} incidents that page, {SIZE} alerts each:"
    )
    print(
        f"  {math.exp(middle):.3f}, 95 % interval {low:.3f} to {high:.3f} (goal: contains 1.02, or lies below)"
    )
    print(f"  pairs: {', '.join(f'{ratio:.3f}' for ratio in ratios)}")


async def _pair(gateway: Gateway, store: int, number: int) -> float:
    """Run both, the one that is first in turn last in the next pair."""
    costs = {}
    for fed in (True, False) if number % 2 else (False, True):
        with _unfed(not fed):
            costs[fed] = await _run(gateway, store, f"p{number}{'fed' if fed else 'not'}")
    return costs[True] / costs[False]


async def _run(gateway: Gateway, store: int, prefix: str) -> float:
    """Return the CPU seconds of a run of its own alerts, from the first webhook to the last settlement."""
    bodies = [
        webhook(range(at * SIZE, at * SIZE + SIZE), prefix, severity="critical") for at in range(INCIDENTS)
    ]
    begun, told = _cpu(store), (await gateway.shards.counters()).get("standing:told", 0)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(gateway.asgi_app), base_url="http://127.0.0.1"
    ) as client:
        for body in bodies:
            answer = await client.post(
                "/webhooks/alertmanager", content=body, headers={"content-type": "application/json"}
            )
            assert answer.status_code == httpx.codes.OK, answer.text
        while (await gateway.shards.counters()).get("standing:told", 0) < told + INCIDENTS * SIZE:
            await asyncio.sleep(0.1)
    return _cpu(store) - begun


def _cpu(store: int) -> float:
    fields = Path(f"/proc/{store}/stat").read_text("utf-8").rpartition(")")[2].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / TICKS


@contextmanager
def _unfed(wanted: bool) -> Iterator[None]:
    """Take away both ways by which a plan and a settlement feed the statistics."""
    before: tuple[Any, Any] = (plan_module.record_plan, settle_module.record_send)
    if wanted:
        plan_module.record_plan = settle_module.record_send = lambda *_: None  # type: ignore[assignment]
    try:
        yield
    finally:
        plan_module.record_plan, settle_module.record_send = before
