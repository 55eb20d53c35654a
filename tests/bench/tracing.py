"""What tracing costs: one gateway in this process, with it off, for a tenth and for all in turn, run after run."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased, ParentBasedTraceIdRatio

from gateway.clock import elapsed_seconds
from gateway.config.otlp import SHARE
from gateway.model.path import Step
from gateway.ports.spans import Spans
from gateway.sandbox.slack import DEFAULT_TOKEN
from gateway.telemetry.tracing.spans import TracedSpans
from tests.bench.bench import Bench
from tests.bench.in_process import InProcess, helper, in_process
from tests.bench.load import used_share, webhook
from tests.bench.pairs import Run, in_turns, ratios

RULES = """
destinations: {chat: {slack: {channel: "#alerts"}}}
routes: [{name: everything, notify: [chat], group_wait: 1h}]
"""
ROUNDS = 12
SENDERS = 16
SEND_EVERY_MS = 500  # spans are sent so often, so that a run pays for its own
IDLE_SECONDS = 20.0
PLANS = 1_200  # as many as the queue has room for
CAUSE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
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


async def tracing(bench: Bench) -> None:
    os.environ["OTEL_BSP_SCHEDULE_DELAY"] = str(SEND_EVERY_MS)
    async with helper("tests.bench.otlp_sink") as address:
        settings = {
            "SLACK_BOT_TOKEN": DEFAULT_TOKEN,
            "OTEL_EXPORTER_OTLP_ENDPOINT": address.decode().strip(),
        }
        async with in_process(bench.folder / "tracing", RULES, settings) as gateway:
            await _print_idle(gateway)
            traced = gateway.gateway.metrics.spans
            assert isinstance(traced, TracedSpans)
            await _print_alone(traced)
            await _compare(gateway, traced)


async def _compare(gateway: InProcess, traced: TracedSpans) -> None:
    variants: dict[str, Spans | None] = {
        OFF: None,
        TENTH: TracedSpans(traced._origin, ParentBasedTraceIdRatio(SHARE)),
        ALL: TracedSpans(traced._origin, ParentBased(ALWAYS_ON)),
    }
    print(
        f"CPU of the gateway with tracing off, and how much more it is with it: medians of {ROUNDS} pairs in turn"
    )
    for load in LOADS:
        runs = {name: _variant(gateway, load, name, spans) for name, spans in variants.items()}
        costs = await in_turns(range(ROUNDS + 1), runs)
        # The first round only warms.
        _print_load(load, {name: found[1:] for name, found in costs.items()})


def _variant(gateway: InProcess, load: Load, name: str, spans: Spans | None) -> Run:
    async def run(number: int) -> float:
        gateway.gateway.asgi_app._spans = spans
        return await _run(gateway, load.bodies("again" if load.again else f"{name}{number}"))

    return run


def _print_load(load: Load, costs: Mapping[str, Sequence[float]]) -> None:
    each, what = (load.incidents, "an incident") if load is INCIDENTS else (load.webhooks, "a webhook")
    print(f"  {load.name}: {statistics.median(costs[OFF]) / each * 1e6:.0f} µs {what}")
    for name in (TENTH, ALL):
        more = [(cost - off) / each * 1e6 for cost, off in zip(costs[name], costs[OFF], strict=True)]
        low, _, high = statistics.quantiles(more, n=4)
        share = statistics.median(ratios(costs[name], costs[OFF])) - 1
        print(
            f"    {name:8} {statistics.median(more):+6.1f} µs (quartiles {low:+.1f} to {high:+.1f}), {share * 100:+.1f} %"
        )


async def _print_alone(spans: TracedSpans) -> None:
    """The spans of so many plans in a loop: made, put into the queue, encoded and sent, and nothing else. It is
    what they cost without the noise of all the rest.
    """
    costs = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        for number in range(PLANS):
            plan = spans.caused("plan", CAUSE, elapsed_seconds())
            assert plan is not None
            with plan.current():
                for step in (Step.ROUTE, Step.SUPPRESS, Step.SEAT, Step.CONCLUDE, Step.RESOLVE):
                    plan.step(step, elapsed_seconds(), elapsed_seconds())
                plan.note(incident="3rx", shard=0)
            plan.end()
            if number % 50 == 0:
                await asyncio.sleep(0)
        await asyncio.sleep(2 * SEND_EVERY_MS / 1000)
        costs.append((time.process_time() - begun) / PLANS * 1e6)
    low, middle, high = statistics.quantiles(costs, n=4)
    print(f"the spans of a plan alone, in a loop: {middle:.0f} µs (quartiles {low:.0f} to {high:.0f})")


async def _print_idle(gateway: InProcess) -> None:
    await asyncio.sleep(3)
    share = await used_share([os.getpid(), gateway.store], IDLE_SECONDS)
    print(f"idle with tracing on, gateway + store: {share * 100:.2f} % of a core (goal: under 1 %)")


async def _run(gateway: InProcess, bodies: Sequence[bytes]) -> float:
    """Return the CPU seconds of this process until everything is planned and its spans are sent."""
    begun, waiting = time.process_time(), list(reversed(bodies))

    async def worker() -> None:
        while waiting:
            await gateway.post(waiting.pop())

    await asyncio.gather(*(worker() for _ in range(SENDERS)))
    while await gateway.counted("open:waiting"):
        await asyncio.sleep(0.1)
    await asyncio.sleep(2 * SEND_EVERY_MS / 1000)
    return time.process_time() - begun
