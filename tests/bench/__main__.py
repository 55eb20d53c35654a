"""`make bench`: measures what docs/benchmarks.md says, and prints its first table anew.

Without arguments all rows of that table are measured, within 15 minutes on two quiet cores. Arguments name cases;
`all` is every case, and `--write` puts the rows that were measured into the document. Ratios of one run on one
machine count, never times of different runs.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from gateway.sandbox import PagerDutySandbox, SlackSandbox
from tests.bench import published
from tests.bench.agenda import agenda
from tests.bench.bench import Bench, alertmanager_version
from tests.bench.fairness import fairness
from tests.bench.goals import Goal
from tests.bench.growing import INCIDENTS, growing, join
from tests.bench.growth import growth
from tests.bench.ingestion import active, new, repeated
from tests.bench.pairs import PAIRS, Spread
from tests.bench.skeleton import skeleton
from tests.bench.startup import startup
from tests.bench.statistics_fed import statistics_fed
from tests.bench.tracing import tracing
from tests.bench.waiting import CHANNELS, idle, latency

ALL = "all"
GOAL_CASES: dict[str, Callable[[Bench], Awaitable[dict[Goal, Spread]]]] = {
    "idle": idle,
    "new": new,
    "repeated": repeated,
    "active": active,
    "growing": growing,
    "join": join,
    "latency": latency,
}


async def dashboards(bench: Bench) -> None:
    # Of all cases it alone needs the dashboards' code, which is no part of the package.
    from tests.bench.dashboards import dashboards as measured

    await measured(bench.folder / "dashboards")


# They print tables of their own.
OTHER_CASES: dict[str, Callable[[Bench], Awaitable[None]]] = {
    "growth": growth,
    "skeleton": skeleton,
    "startup": startup,
    "dashboards": dashboards,
    "statistics": statistics_fed,
    "tracing": tracing,
    "fairness": fairness,
    "agenda": agenda,
}


async def measure(chosen: Sequence[str], share: float = 1.0) -> dict[Goal, Spread]:
    """Run these cases; a `share` of less than 1 tries the benchmark itself."""
    measured: dict[Goal, Spread] = {}
    with tempfile.TemporaryDirectory(prefix="gw-bench-") as folder:
        channels = ["alerts", *(f"c{number}" for number in range(max(CHANNELS, INCIDENTS)))]
        async with SlackSandbox.start(channels=channels) as slack, PagerDutySandbox.start() as pagerduty:
            bench = Bench(Path(folder), slack, pagerduty, share)
            for name in chosen:
                print(f"{name}:", flush=True)
                if name in GOAL_CASES:
                    measured |= await GOAL_CASES[name](bench)
                else:
                    await OTHER_CASES[name](bench)
    return measured


def main(arguments: Sequence[str] | None = None) -> None:
    every = [*GOAL_CASES, *OTHER_CASES]
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("cases", nargs="*", metavar="CASE", choices=[*every, ALL, []], help=", ".join(every))
    parser.add_argument("--write", action="store_true", help="put the rows into docs/benchmarks.md")
    given = parser.parse_args(arguments)
    chosen = every if ALL in given.cases else given.cases or [*GOAL_CASES]
    started = time.monotonic()
    print(f"Beside {alertmanager_version()}, {PAIRS} interleaved pairs each; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")  # fmt: skip
    print(
        "What has two figures: CPU per alert in µs, gateway + store | Alertmanager | ratio (lowest to highest)"
    )
    measured = asyncio.run(measure(chosen))
    if measured:
        print("\n" + published.table(measured))
    if given.write:
        published.write(measured)
    print(f"{(time.monotonic() - started) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
