"""How long an alert takes to Slack, and what a gateway uses that has nothing to do."""

from __future__ import annotations

import asyncio
import re

from gateway.sandbox import SlackSandbox
from tests.bench import goals
from tests.bench.bench import Bench
from tests.bench.goals import Goal
from tests.bench.ingestion import RULES
from tests.bench.load import drive, to_gateway, used_share, webhook
from tests.bench.pairs import PAIRS, Spread, spread

CHANNELS = 100  # Slack takes one message a second in each
PROMPT_RULES = f"""
destinations:
  chat: {{slack: {{channel: "#{{namespace}}", allow: [{", ".join(f"c{n}" for n in range(CHANNELS))}]}}}}
routes: [{{name: everything, notify: [chat], group_wait: 0s}}]
"""
WEBHOOKS = 300
EVERY = 0.01  # seconds
TOLD_SECONDS = 3.0
IDLE_SECONDS = 6.0
MS = 1000
PERCENT = 100


async def latency(bench: Bench) -> dict[Goal, Spread]:
    async with bench.process("latency", PROMPT_RULES) as gateway:
        runs = [await _waits(bench.slack, gateway.port, run) for run in range(PAIRS)]
    found = {
        goals.SLACK_MEDIAN: spread(waits[len(waits) // 2] for waits in runs),
        goals.SLACK_LATE: spread(waits[int(len(waits) * 0.99)] for waits in runs),
    }
    for goal, waits in found.items():
        print(f"  {goal.row:64} {waits.median:.1f} ms ({waits.low:.1f} to {waits.high:.1f})")
    return found


async def _waits(slack: SlackSandbox, port: int, run: int) -> list[float]:
    """Return, sorted, the ms from a webhook's start to Slack's receipt, of one new incident every 10 ms."""
    bodies = [webhook([0], f"run{run}n{n}", namespace=f"c{n % CHANNELS}") for n in range(WEBHOOKS)]
    sent = await drive(port, map(to_gateway, bodies), connections=1, every=EVERY)
    await asyncio.sleep(TOLD_SECONDS)
    waits = []
    for call in slack.calls:
        found = re.search(rf"run{run}n(\d+)-0", str(call.arguments.get("text")))
        if call.method == "chat.postMessage" and found is not None:
            waits.append((call.at.timestamp() - sent[int(found[1])]) * MS)
    assert len(waits) == WEBHOOKS, f"{len(waits)} of {WEBHOOKS} were told"
    return sorted(waits)


async def idle(bench: Bench) -> dict[Goal, Spread]:
    async with bench.gateway("idle", RULES) as gateway:
        used = spread([await used_share(gateway.pids, IDLE_SECONDS) * PERCENT for _ in range(PAIRS)])
    print(f"  {goals.IDLE.row:64} {used.median:.2f} % of a core ({used.low:.2f} to {used.high:.2f})")
    return {goals.IDLE: used}
