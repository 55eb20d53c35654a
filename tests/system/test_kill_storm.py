"""Processes killed again and again, vendors failing in every way: each end told, the books balanced,
everybody told once.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.sandbox import Fault, FaultKind, PagerDutySandbox, SlackSandbox
from tests.support.meanwhile import meanwhile
from tests.support.processes import GatewayProcess, alert, body, send_until_taken
from tests.support.servers import killable_redis
from tests.support.storm import CHANNELS, Vendors, check, everybody_told, settled, stamp, team

INCIDENTS = 120
CHUNK = 12
KILL_EVERY = (
    2.5  # seconds after the one before is at work again, however long a busy machine takes to start it
)

FAULTS = [
    Fault(FaultKind.STATUS, probability=0.04),
    Fault(FaultKind.RATE_LIMIT, probability=0.03, retry_after=1),
    Fault(FaultKind.CUT_BEFORE, probability=0.03),
    Fault(FaultKind.CUT_AFTER, probability=0.03),
    Fault(FaultKind.STATUS, probability=0.02, acts=True),
    Fault(FaultKind.LATE, probability=0.01, seconds=3),
    Fault(FaultKind.HANG, probability=0.005),
]

pytestmark = pytest.mark.long(minutes=3)


@pytest.fixture
async def vendors() -> AsyncIterator[Vendors]:
    async with (
        SlackSandbox.start(seed=7, channels=CHANNELS) as slack,
        PagerDutySandbox.start(seed=8) as pagerduty,
    ):
        yield Vendors(slack, pagerduty)


@asynccontextmanager
async def killed_again_and_again(
    gateways: list[GatewayProcess], kill_store: object, seed: int
) -> AsyncIterator[None]:
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
                await victim.ready()

    async with meanwhile(killer()):
        yield


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
            await send_until_taken(
                urls, body(*[alert(name, starts=started[name], team=team(name)) for name in part])
            )
            await asyncio.sleep(0.4)
        await everybody_told(vendors, INCIDENTS)
        for at in range(0, INCIDENTS, CHUNK):
            part = names[at : at + CHUNK]
            await send_until_taken(
                urls,
                body(*[alert(name, starts=started[name], ends=stamp(), team=team(name)) for name in part]),
            )
            await asyncio.sleep(0.2)
    for gateway in gateways:
        await gateway.ready()
    vendors.slack.faults.clear()
    vendors.pagerduty.faults.clear()
    await settled(gateways, vendors)
    await asyncio.sleep(40)  # ends said once more after unanswered ones, and extras looked for
    await check(gateways, vendors, INCIDENTS)


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
    gateways = [
        GatewayProcess(tmp_path / f"g{n}", vendors.slack, vendors.pagerduty, redis_url=url)
        for n in range(replicas)
    ]
    try:
        await storm(gateways, vendors, redis.restart, seed=10 + replicas)  # type: ignore[attr-defined]
    finally:
        for gateway in gateways:
            gateway.kill()
