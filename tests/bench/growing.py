"""What an alert costs that joins an incident of which people know, by how many the incident has already."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import pairwise

from gateway.sandbox import SlackSandbox
from tests.bench import goals
from tests.bench.bench import OURS, THEIRS, Bench, Taker, print_costs
from tests.bench.goals import Goal
from tests.bench.load import Labels, batches
from tests.bench.pairs import PAIRS, Spread, in_turns, spread

INCIDENTS = 50
MEMBERS = (1, 100, 200, 300, 400)  # of each incident, between the rounds
JOINED = 20  # incidents that one alert each joins
LARGE = 400  # members
JOIN_EVERY = 0.05  # seconds
TOLD_PATIENCE_SECONDS = 120.0
CONNECTIONS = 4
RULES = f"""
destinations:
  chat: {{slack: {{channel: "#{{namespace}}", allow: [{", ".join(f"c{n}" for n in range(INCIDENTS))}]}}}}
  pager: {{pagerduty: {{routing_key: {{env: PAGERDUTY_ROUTING_KEY}}}}}}
correlate: [{{name: service, by: [service], max_alerts: 1000}}]
routes:
  - name: everything
    notify: [chat]
    page: [pager]
    page_when: {{any: [{{severity: critical}}]}}
    group_wait: 0s
    # No round shall pay for the edits of another: all messages would be edited 30 s after the first of them.
    update_interval: 1h
"""


async def growing(bench: Bench) -> dict[Goal, Spread]:
    """A hundred alerts a webhook, two for each incident; each pair has a gateway and an Alertmanager of its own."""
    rounds = [(grown(bench, before), grown(bench, after)) for before, after in pairwise(MEMBERS)]
    costs = [await _rounds(bench, f"growing{pair}", rounds) for pair in range(PAIRS)]
    for number, (before, after) in enumerate(rounds):
        ours, theirs = ([cost[name][number] for cost in costs] for name in (OURS, THEIRS))
        print_costs(f"  {before} to {after} members", ours, theirs)
    ours, theirs = ([sum(cost[name]) / len(rounds) for cost in costs] for name in (OURS, THEIRS))
    return {
        goals.GROWING: print_costs(goals.GROWING.row, ours, theirs),
        goals.GROWING_LAST: spread(cost[OURS][-1] / cost[OURS][0] for cost in costs),
    }


async def _rounds(bench: Bench, name: str, rounds: list[tuple[int, int]]) -> dict[str, list[float]]:
    async with bench.both(name, RULES) as (ours, theirs):
        await make_known(bench.slack, ours, "growing", INCIDENTS, 1)
        await theirs.take(batches(members("growing", range(INCIDENTS), range(1))))

        async def grow(taker: Taker, number: int) -> float:
            joining = members("growing", range(INCIDENTS), range(*rounds[number]))
            return await taker.cost(batches(joining), connections=CONNECTIONS)

        variants = {OURS: lambda number: grow(ours, number), THEIRS: lambda number: grow(theirs, number)}
        return await in_turns(range(len(rounds)), variants)


async def join(bench: Bench) -> dict[Goal, Spread]:
    large = grown(bench, LARGE)
    async with bench.gateway("join", RULES) as gateway:
        await make_known(bench.slack, gateway, "large", JOINED, large)
        for pair in range(PAIRS):
            await make_known(bench.slack, gateway, f"small{pair}", JOINED, 1)
        costs = await in_turns(
            range(PAIRS),
            {
                "large": lambda pair: join_cost(gateway, "large", JOINED, large + pair),
                "small": lambda pair: join_cost(gateway, f"small{pair}", JOINED, 1),
            },
        )
    return {goals.JOIN: print_costs(goals.JOIN.row, costs["large"], costs["small"])}


async def join_cost(gateway: Taker, prefix: str, incidents: int, already: int) -> float:
    """Return the µs of one more alert for each of these incidents, one webhook and one plan after the other."""
    joining = members(prefix, range(incidents), range(already, already + 1))
    return await gateway.cost(batches(joining, 1), connections=1, every=JOIN_EVERY)


async def make_known(slack: SlackSandbox, gateway: Taker, prefix: str, incidents: int, size: int) -> None:
    """Open incidents of this size, and wait until people know of each of them."""
    async with _told(slack, incidents):
        await gateway.take(batches(members(prefix, range(incidents), range(1))))
    await gateway.take(batches(members(prefix, range(incidents), range(1, size))), CONNECTIONS)


def members(prefix: str, incidents: Iterable[int], numbers: Iterable[int]) -> Iterable[Labels]:
    """Yield one more alert of each incident after the other."""
    which = list(incidents)
    for number in numbers:
        for incident in which:
            yield {
                "alertname": "HighErrorRate",
                "cluster": "eu-1",
                "namespace": f"c{incident % INCIDENTS}",
                "service": f"{prefix}-{incident}",
                "instance": f"10.0.{number}.7:9100",
                "pod": f"{prefix}-{incident}-{number}",
                "severity": "warning",
                "team": "payments",
            }


def grown(bench: Bench, size: int) -> int:
    return max(1, round(size * bench.share))


@asynccontextmanager
async def _told(slack: SlackSandbox, incidents: int) -> AsyncIterator[None]:
    """Wait at the end until Slack has so many messages more."""
    before = _messages(slack)
    yield
    async with asyncio.timeout(TOLD_PATIENCE_SECONDS):
        while _messages(slack) < before + incidents:
            await asyncio.sleep(0.2)


def _messages(slack: SlackSandbox) -> int:
    return sum(len(channel.messages) for channel in slack.channels.values())
