"""CPU of gateway and store with the statistics fed and not: pairs of runs one after the other, in one gateway."""

from __future__ import annotations

import asyncio
import math
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

import gateway.reconcile.plan as plan_module
import gateway.reconcile.settle as settle_module
from gateway.model.lanes import Pace
from tests.bench.bench import Bench
from tests.bench.in_process import InProcess, helper, in_process
from tests.bench.load import webhook
from tests.bench.pairs import in_turns, ratios
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
FED, NOT = "fed", "not"


async def statistics_fed(bench: Bench) -> None:
    """Print the ratio of fed to not fed with its interval of 95 %."""
    async with helper("gateway.sandbox") as addresses:
        events_url = str(msgspec.json.decode(addresses)["pagerduty_events_url"])
        settings = {"PAGERDUTY_ROUTING_KEY": ROUTING_KEY, "PAGERDUTY_EVENTS_URL": events_url}
        async with in_process(bench.folder / "statistics", RULES, settings, PACES) as gateway:
            await _run(gateway, "warm")

            async def not_fed(pair: int) -> float:
                with _unfed():
                    return await _run(gateway, f"p{pair}not")

            costs = await in_turns(
                range(PAIRS), {FED: lambda pair: _run(gateway, f"p{pair}fed"), NOT: not_fed}
            )
    found = ratios(costs[FED], costs[NOT])
    logs = [math.log(ratio) for ratio in found]
    middle, half = statistics.mean(logs), T_95 * statistics.stdev(logs) / math.sqrt(len(logs))
    low, high = math.exp(middle - half), math.exp(middle + half)
    print(
        f"CPU with statistics fed / not, {PAIRS} pairs of {INCIDENTS} incidents that page, {SIZE} alerts each:"
    )
    print(
        f"  {math.exp(middle):.3f}, 95 % interval {low:.3f} to {high:.3f} (goal: contains 1.02, or lies below)"
    )
    print(f"  pairs: {', '.join(f'{ratio:.3f}' for ratio in found)}")


async def _run(gateway: InProcess, prefix: str) -> float:
    """Return the CPU seconds of a run of its own alerts, from the first webhook to the last settlement."""
    bodies = [
        webhook(range(at * SIZE, at * SIZE + SIZE), prefix, severity="critical") for at in range(INCIDENTS)
    ]
    begun, told = gateway.cpu(), await gateway.counted("standing:told")
    for body in bodies:
        await gateway.post(body)
    while await gateway.counted("standing:told") < told + INCIDENTS * SIZE:
        await asyncio.sleep(0.1)
    return gateway.cpu() - begun


@contextmanager
def _unfed() -> Iterator[None]:
    """Take away both ways by which a plan and a settlement feed the statistics."""
    before: tuple[Any, Any] = (plan_module.record_plan, settle_module.record_send)
    plan_module.record_plan = settle_module.record_send = lambda *_: None  # type: ignore[assignment]
    try:
        yield
    finally:
        plan_module.record_plan, settle_module.record_send = before
