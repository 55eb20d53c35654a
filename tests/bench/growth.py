"""Whether what an alert costs grows: with active alerts, members, rules, tenants and shards, or with new labels."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from tests.bench.bench import Bench, Taker
from tests.bench.growing import JOINED, grown, join_cost, make_known
from tests.bench.growing import RULES as GROWING_RULES
from tests.bench.ingestion import RULES
from tests.bench.load import Labels, batches, drive, labels, memory, to_gateway, webhook_of

FLAT = 0.2
RUNS = 3  # a figure is the median of so many
SIZE = 3_000  # alerts a run
AGAIN = 3  # so often repeats are said again
GIB = 1 << 30
ACTIVE = (1_000, 10_000, 100_000, 300_000)
MEMBERS = (1, 10, 100, 500)
ROUTES = (10, 100, 1_000, 10_000)
TENANTS = (1, 4, 16, 64)
LIVES = (1, 4, 7, 10)  # how many generations of pods there were


async def growth(bench: Bench) -> None:
    print(
        f"CPU per alert in µs, gateway + store, median of {RUNS} runs (beside the first); flat within {FLAT:.0%}"
    )
    await _by_active_alerts(bench)
    await _by_members(bench)
    await _by_rules(bench)
    await _by_tenants(bench)
    await _by_generations(bench)


async def _by_active_alerts(bench: Bench) -> None:
    new: dict[int, float] = {}
    repeated: dict[int, float] = {}
    active = 0
    async with bench.gateway("growth-active", RULES, GATEWAY_STORE_MEMORY=str(2 * GIB)) as gateway:
        for goal in map(bench.count, ACTIVE):
            await gateway.take(batches(labels(number, "active") for number in range(active, goal)))
            active = goal
            more = _alerts(bench, f"at{goal}")
            new[goal] = await _cost(gateway, more)
            repeated[goal] = await _cost(gateway, more, AGAIN)
            print(f"    {goal:,} active: {_sizes(gateway)}")
    _print("new, by active alerts", new)
    _print("repeated, by active alerts", repeated)


async def _by_members(bench: Bench) -> None:
    costs: dict[int, float] = {}
    async with bench.gateway("growth-members", GROWING_RULES) as gateway:
        for size in sorted({grown(bench, size) for size in MEMBERS}):
            runs = []
            for run in range(RUNS):
                await make_known(bench.slack, gateway, f"has{size}r{run}", JOINED, size)
                runs.append(await join_cost(gateway, f"has{size}r{run}", JOINED, size))
            costs[size] = median(runs)
        print(f"    {_sizes(gateway)}")
    _print("one more alert into an incident people know, by its members", costs)


async def _by_rules(bench: Bench) -> None:
    new: dict[int, float] = {}
    repeated: dict[int, float] = {}
    alerts = _alerts(bench, "r")
    for count in ROUTES:
        async with bench.gateway(f"growth-rules{count}", _routes(count)) as gateway:
            new[count] = await _cost(gateway, alerts)
            repeated[count] = await _cost(gateway, alerts, AGAIN)
    _print("new, by routes", new)
    _print("repeated, by routes", repeated)


def _routes(count: int) -> str:
    """Return rules with so many routes, equality and regular expressions mixed; all alerts take the last route."""
    routes = ['destinations: {chat: {slack: {channel: "#alerts"}}}', "routes:"]
    for n in range(count):
        where = f'service="rr0-{n % 200}"' if n % 3 else f'pod=~"rr.-{n % 90}.*"'
        routes.append(
            f"  - {{name: r{n}, match: ['{where}', 'team=\"t{n}\"'], notify: [chat], continue: true}}"
        )
    return "\n".join([*routes, "  - {name: everything, notify: [chat], group_wait: 1h}"])


async def _by_tenants(bench: Bench) -> None:
    """As many shards as tenants, and the store with all of them on one core."""
    alone: dict[int, float] = {}
    mixed: dict[int, float] = {}
    for count in TENANTS:
        rules = RULES + "partition_by: [tenant]\n"
        async with bench.gateway(f"growth-tenants{count}", rules, GATEWAY_SHARDS=str(count)) as gateway:
            _pin(gateway.pids[1])
            print(f"    {count} shards: idle {gateway.idle * 100:.1f} % of a core, {_sizes(gateway)}")
            alone[count] = await _cost(gateway, _alerts(bench, "alone", count, 100))
            mixed[count] = await _cost(gateway, _alerts(bench, "mixed", count, 10))
    _print("new, a webhook of one tenant, by tenants and shards", alone)
    _print("new, a webhook of ten tenants, by tenants and shards", mixed)


def _pin(pid: int) -> None:
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {0})


async def _by_generations(bench: Bench) -> None:
    """Pods come and go: every alert has labels that were never seen before, and those of before have ended."""
    costs: dict[int, float] = {}
    async with bench.gateway("growth-labels", RULES) as gateway:
        for life in range(1, LIVES[-1] + 1):
            pods = _alerts(bench, f"life{life}")
            costs[life] = await _cost(gateway, pods)
            now = datetime.now(UTC).isoformat()
            ended = (webhook_of(batch, now) for run in range(RUNS) for batch in batches(pods(run)))
            await drive(gateway.port, map(to_gateway, ended))
            await gateway.done()
        print(f"    {bench.count(SIZE) * RUNS * LIVES[-1]:,} have ended: {_sizes(gateway)}")
    _print("new, by generations of labels", {life: costs[life] for life in LIVES})


def _alerts(bench: Bench, prefix: str, tenants: int = 0, each: int = 1) -> Callable[[int], Iterator[Labels]]:
    """Return the alerts of each run; with `tenants`, the tenant changes after `each` alerts."""

    def of_run(run: int) -> Iterator[Labels]:
        for number in range(bench.count(SIZE)):
            more = {"tenant": f"t{number // each % tenants}"} if tenants else {}
            yield labels(number, f"{prefix}r{run}", **more)

    return of_run


async def _cost(gateway: Taker, alerts: Callable[[int], Iterator[Labels]], times: int = 1) -> float:
    return median([await gateway.cost(batches(alerts(run)), times=times) for run in range(RUNS)])


def _sizes(gateway: Taker) -> str:
    return f"gateway {memory(gateway.pids[:1]):.0f} MiB, store {memory(gateway.pids[1:]):.0f} MiB"


def _print(what: str, costs: Mapping[int, float]) -> None:
    first = next(iter(costs.values()))
    shown = ", ".join(f"{n:,}: {cost:.1f} ({cost / first:.2f})" for n, cost in costs.items())
    flat = max(costs.values()) <= first * (1 + FLAT)
    print(f"  {what}: {shown} {'flat' if flat else 'GROWS'}", flush=True)
