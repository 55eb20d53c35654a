"""What a webhook costs beside a real Alertmanager: new alerts, and alerts that are known already."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

from tests.bench import goals
from tests.bench.bench import Bench, Taker, beside
from tests.bench.goals import Goal
from tests.bench.load import Labels, batches, labels, memory
from tests.bench.pairs import PAIRS, Spread, spread

NEW = 10_000  # alerts a pair
REPEATED = 3_000  # alerts a pair
SINGLE = 800
ACTIVE = 100_000
TIMES = 5  # so often a pair says the same again
OLD_SECONDS = 61.0  # `SEEN_STEP` of decisions/intake/deduplicate.py, and a moment
RULES = """
destinations: {chat: {slack: {channel: "#alerts"}}}
routes: [{name: everything, notify: [chat], group_wait: 1h}]
"""


async def new(bench: Bench) -> dict[Goal, Spread]:
    size = bench.count(NEW)

    async def measure(taker: Taker, pair: int) -> float:
        return await taker.cost(_alerts("new", pair, size))

    async with bench.both("new", RULES) as (ours, theirs):
        return {goals.NEW: await beside(goals.NEW.row, ours, theirs, measure)}


async def repeated(bench: Bench) -> dict[Goal, Spread]:
    """Repeats of what is known for some seconds, then one alert a webhook, and then the same repeats when the
    gateway has to note that their source still says them.
    """
    size, singles = bench.count(REPEATED), bench.count(SINGLE)

    async def again(taker: Taker, pair: int) -> float:
        return await taker.cost(_alerts("known", pair, size), times=TIMES)

    async def new_single(taker: Taker, pair: int) -> float:
        return await taker.cost(_alerts("single", pair, singles, 1))

    async def again_single(taker: Taker, pair: int) -> float:
        return await taker.cost(_alerts("single", pair, singles, 1), times=TIMES)

    async def once_more(taker: Taker, pair: int) -> float:
        return await taker.cost(_alerts("known", pair, size))

    found: dict[Goal, Spread] = {}
    async with bench.both("repeated", RULES) as (ours, theirs):
        for taker in (ours, theirs):
            await _know(taker, "known", size)
        found[goals.REPEATED] = await beside(goals.REPEATED.row, ours, theirs, again)
        said = time.monotonic()
        for goal, measure in ((goals.NEW_SINGLE, new_single), (goals.REPEATED_SINGLE, again_single)):
            found[goal] = await beside(goal.row, ours, theirs, measure)
        await asyncio.sleep(max(0.0, said + OLD_SECONDS - time.monotonic()))
        found[goals.REPEATED_OLD] = await beside(goals.REPEATED_OLD.row, ours, theirs, once_more)
    return found


async def active(bench: Bench) -> dict[Goal, Spread]:
    """Memory with many active alerts, and repeats of each of them."""
    size = bench.count(ACTIVE // PAIRS)

    async def again(taker: Taker, pair: int) -> float:
        return await taker.cost(_alerts("active", pair, size))

    async with bench.both("active", RULES) as (ours, theirs):
        for taker in (ours, theirs):
            await _know(taker, "active", size)
        used = memory(ours.pids)
        print(f"  memory at {size * PAIRS:,} active alerts: {used:.0f} MiB | {memory(theirs.pids):.0f} MiB")
        found = await beside(goals.REPEATED_ACTIVE.row, ours, theirs, again)
    return {goals.MEMORY: spread([used]), goals.REPEATED_ACTIVE: found}


async def _know(taker: Taker, prefix: str, size: int) -> None:
    """Have it take the alerts of all pairs, and repeat them once: as an alert is known that fires for a while."""
    for _ in range(2):
        for pair in range(PAIRS):
            await taker.take(_alerts(prefix, pair, size))


def _alerts(prefix: str, pair: int, size: int, at_once: int = 100) -> Iterator[list[Labels]]:
    return batches((labels(number, f"{prefix}{pair}") for number in range(size)), at_once)
