"""Processes killed again and again, vendors failing in every way: each end told, the books balanced, everybody told once."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.sandbox import Fault, FaultKind, PagerDutySandbox, SlackSandbox
from gateway.sandbox.slack import Message
from tests.support.processes import GatewayProcess, alert, body, send_until_taken
from tests.support.servers import killable_redis

INCIDENTS = 240
CHUNK = 12
KILL_EVERY = 2.5  # seconds
SETTLING = 600.0
TEAMS = 8  # a channel each: Slack takes one message a second in a channel
CHANNELS = [f"t{number}-alerts" for number in range(TEAMS)]

FAULTS = [
    Fault(FaultKind.STATUS, probability=0.04),
    Fault(FaultKind.RATE_LIMIT, probability=0.03, retry_after=1),
    Fault(FaultKind.CUT_BEFORE, probability=0.03),
    Fault(FaultKind.CUT_AFTER, probability=0.03),
    Fault(FaultKind.STATUS, probability=0.02, acts=True),
    Fault(FaultKind.LATE, probability=0.01, seconds=3),
    Fault(FaultKind.HANG, probability=0.005),
]

pytestmark = pytest.mark.long


@dataclass
class Vendors:
    slack: SlackSandbox
    pagerduty: PagerDutySandbox


@pytest.fixture
async def vendors() -> AsyncIterator[Vendors]:
    async with SlackSandbox.start(seed=7, channels=CHANNELS) as slack, PagerDutySandbox.start(seed=8) as pagerduty:
        yield Vendors(slack, pagerduty)


def team(name: str) -> str:
    return f"t{int(name[1:]) % TEAMS}"


def stamp() -> str:
    return datetime.now(UTC).isoformat()


@asynccontextmanager
async def killed_again_and_again(gateways: list[GatewayProcess], kill_store: object, seed: int) -> AsyncIterator[None]:
    """Gateway, store, or both, every so often, started again at once."""
    chance = random.Random(seed)

    async def killer() -> None:
        while True:
            await asyncio.sleep(KILL_EVERY * chance.uniform(0.6, 1.4))
            what = chance.choice(["gateway", "gateway", "store", "both"])
            victim = chance.choice(gateways)
            if what in ("store", "both"):
                kill_store()  # type: ignore[operator]
            if what in ("gateway", "both"):
                victim.kill()
                victim.start()

    task = asyncio.create_task(killer())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def storm(gateways: list[GatewayProcess], vendors: Vendors, kill_store: object, seed: int) -> None:
    for gateway in gateways:
        gateway.start()
    await gateways[0].ready()
    vendors.slack.faults.add(*FAULTS)
    vendors.pagerduty.faults.add(*FAULTS)
    urls = [gateway.url for gateway in gateways]
    names = [f"s{number}" for number in range(INCIDENTS)]
    started = {name: stamp() for name in names}
    async with killed_again_and_again(gateways, kill_store, seed):
        for at in range(0, INCIDENTS, CHUNK):
            part = names[at : at + CHUNK]
            await send_until_taken(urls, body(*[alert(name, starts=started[name], team=team(name)) for name in part]))
            await asyncio.sleep(0.4)
        await everybody_told(vendors)
        for at in range(0, INCIDENTS, CHUNK):
            part = names[at : at + CHUNK]
            await send_until_taken(
                urls, body(*[alert(name, starts=started[name], ends=stamp(), team=team(name)) for name in part])
            )
            await asyncio.sleep(0.2)
    for gateway in gateways:
        await gateway.ready()
    vendors.slack.faults.clear()
    vendors.pagerduty.faults.clear()
    await settled(gateways, vendors)
    await check(gateways, vendors)


def told_in_slack(vendors: Vendors) -> list[Message]:
    found = [one for channel in CHANNELS for one in vendors.slack.messages(channel)]
    return [one for one in found if one.thread_ts is None and not one.deleted]


def told(vendors: Vendors) -> list[str]:
    """The incidents of the messages."""
    return [str((one.metadata or {})["event_payload"]["incident"]) for one in told_in_slack(vendors)]  # type: ignore[index]


def paged(vendors: Vendors) -> set[str]:
    """The incidents of the pages; the gateway's own alerts may be among them."""
    return {one.dedup_key.partition(".")[0] for one in vendors.pagerduty.incidents}


async def everybody_told(vendors: Vendors) -> None:
    """While the killing goes on."""
    deadline = asyncio.get_running_loop().time() + SETTLING
    while len(told(vendors)) < INCIDENTS or not paged(vendors) >= set(told(vendors)):
        found = len(told(vendors)), len(paged(vendors))
        assert asyncio.get_running_loop().time() < deadline, found
        await asyncio.sleep(0.5)


async def settled(gateways: list[GatewayProcess], vendors: Vendors) -> None:
    """Until nobody is owed anything."""
    deadline = asyncio.get_running_loop().time() + SETTLING
    while True:
        counted = await gateways[0].metrics()
        waiting = [
            counted.get(f'gateway_standing{{standing="{name}"}}', 0.0) for name in ("due", "held", "ends_due", "telling_firing")
        ]
        still = sum(one.open for one in vendors.pagerduty.incidents)
        if not any(waiting) and not still and not counted['gateway_open_episodes{state="counted"}']:
            break
        assert asyncio.get_running_loop().time() < deadline, (waiting, still, gateways[0].log()[-4000:])
        await asyncio.sleep(1)
    await asyncio.sleep(40)  # ends said once more after unanswered ones, and extras looked for


async def check(gateways: list[GatewayProcess], vendors: Vendors) -> None:
    counted = await gateways[0].metrics()
    residues = {name: value for name, value in counted.items() if name.startswith("gateway_identity_residue")}
    assert set(residues.values()) == {0.0}, residues
    open_now = [one.dedup_key for one in vendors.pagerduty.incidents if one.open]
    assert not open_now
    posted = told_in_slack(vendors)
    unresolved = [one.text for one in posted if "Resolved" not in one.text]
    assert not unresolved, unresolved[:5]
    times = Counter(told(vendors))
    twice = [incident for incident, count in times.items() if count > 1]
    assert not twice, f"{len(twice)} incidents have more than one message"
    assert len(times) == INCIDENTS
    assert paged(vendors) >= set(times)


async def test_one_replica_on_the_embedded_store(vendors: Vendors, tmp_path: Path) -> None:
    gateway = GatewayProcess(tmp_path / "g", vendors.slack, vendors.pagerduty)
    try:
        await storm([gateway], vendors, gateway.kill_store, seed=1)
    finally:
        gateway.kill()
        gateway.kill_store()


@pytest.fixture
def redis() -> Iterator[object]:
    with killable_redis() as server:
        yield server


@pytest.mark.parametrize("replicas", [1, 3])
async def test_replicas_on_redis(vendors: Vendors, tmp_path: Path, redis: object, replicas: int) -> None:
    url: str = redis.url  # type: ignore[attr-defined]
    gateways = [GatewayProcess(tmp_path / f"g{n}", vendors.slack, vendors.pagerduty, redis_url=url) for n in range(replicas)]
    try:
        await storm(gateways, vendors, redis.restart, seed=10 + replicas)  # type: ignore[attr-defined]
    finally:
        for gateway in gateways:
            gateway.kill()
