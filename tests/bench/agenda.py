"""What a claim costs the store, by how many lanes wait and by how much waits in one; and how late a page is then."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.model.agenda import Subject
from gateway.model.changes import Changes, Release
from gateway.model.lanes import LaneRule, Pace
from gateway.outbound.registry import PACES
from gateway.reconcile.paces import paces_of
from gateway.rules.files import load_rules
from gateway.sandbox import PagerDutySandbox
from gateway.storage.connections import Client, connect
from gateway.storage.redis import RedisStore
from tests.bench.bench import Bench
from tests.bench.lateness import page_lateness
from tests.support.processes import GatewayProcess
from tests.support.servers import redis_server

HOUR = 3_600_000
PACE = Pace(1_000, 3)
AT_ONCE = 64
CLAIMS = 50
WAITING = ((1, 100), (1, 10_000), (1, 200_000), (100, 100), (10_000, 1))  # lanes, deliveries in each
BACKLOGS = (100, 10_000, 200_000)
RULES = """
destinations:
  chat:  {slack: {channel: "#alerts"}}
  pager: {pagerduty: {routing_key: {env: PAGERDUTY_ROUTING_KEY}}}
routes: [{name: everything, page: [pager], group_wait: 0s}]
"""


async def agenda(bench: Bench) -> None:
    print("a claim in µs of the store's CPU: of a page behind closed lanes | of 64 deliveries from open ones")
    for lanes, depth in WAITING:
        with redis_server("valkey") as url:
            closed, open_ = await _claims(url, [f"chat:#c{n}" for n in range(lanes)], depth)
        print(f"  {lanes:6,} lanes of {depth:7,}: {closed:8.0f} | {open_:8.0f}")
    print("a page in ms, webhook to PagerDuty's receipt, while deliveries wait in a lane that is closed")
    for waiting in BACKLOGS:
        with redis_server("valkey", "--appendonly", "yes", "--appendfsync", "always") as url:
            async with bench.process(f"agenda{waiting}", RULES, GATEWAY_REDIS_URL=url) as gateway:
                waits = await _pages(gateway, url, bench.pagerduty, waiting)
        print(f"  {waiting:7,} wait: median {waits[len(waits) // 2]:.0f}, longest {waits[-1]:.0f}")


async def _claims(url: str, lanes: Sequence[str], depth: int) -> tuple[float, float]:
    client = connect(url)
    store = RedisStore(client)
    await _fill(store, lanes, depth)
    rule = LaneRule({"chat": PACE})
    until = await store.now() + HOUR
    for lane in lanes:
        await store.close_lane(lane, PACE, until)
    await store.commit(Changes(agenda={Subject.deliver("pager", "p1"): (1, 4)}))
    behind = [await _cost(client, store, rule, 1) for _ in range(CLAIMS)]
    await client.ask("UNLINK", store.keys["pace"])
    every = LaneRule(width=AT_ONCE)
    of_all = [await _cost(client, store, every, AT_ONCE) for _ in range(CLAIMS)]
    await client.aclose()
    return sorted(behind)[CLAIMS // 2], sorted(of_all)[CLAIMS // 2]


async def _cost(client: Client, store: RedisStore, rule: LaneRule, expected: int) -> float:
    """Claim, and put back what was claimed. Return the CPU of the store that the claim took, in µs."""
    before = await _cpu(client)
    asked = await _cpu(client) - before
    before = await _cpu(client)
    claimed = (await store.claim(AT_ONCE, 20_000, rule)).claims
    cost = await _cpu(client) - before - asked
    assert len(claimed) == expected
    await store.commit(Changes(releases=[Release(claim, claim.due) for claim in claimed]))
    return cost


async def _cpu(client: Client) -> float:
    said = await client.ask("INFO", "cpu")
    text = said.decode() if isinstance(said, bytes) else str(said)
    used = re.findall(r"used_cpu_(?:user|sys)_main_thread\D+([\d.]+)", text)
    assert len(used) == 2, text
    return sum(map(float, used)) * 1e6


async def _fill(store: RedisStore, lanes: Sequence[str], depth: int) -> None:
    entries = [(lane, number) for number in range(depth) for lane in lanes]
    for start in range(0, len(entries), 2_000):
        backlog = Changes()
        for place, (lane, number) in enumerate(entries[start : start + 2_000], start):
            backlog.schedule(Subject.deliver(lane, f"i{number}"), place + 1, 0)
        await store.commit(backlog)


async def _pages(gateway: GatewayProcess, url: str, pagerduty: PagerDutySandbox, waiting: int) -> list[float]:
    """Sorted; one critical alert after the other."""
    client = connect(url)
    store = RedisStore(client)
    rules = load_rules(gateway.folder / "rules.yaml", 0).rulebook
    assert rules is not None
    await store.close_lane("chat", paces_of(rules.destinations, PACES)["chat"], await store.now() + HOUR)
    await _fill(store, ["chat"], waiting)
    await client.aclose()
    return await page_lateness(gateway, pagerduty, f"w{waiting}")
