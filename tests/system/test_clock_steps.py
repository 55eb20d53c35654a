"""Whole gateways on a Redis whose clock is stepped: everybody is told once and at once, beside the version before
too.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from gateway.sandbox import PagerDutySandbox, SlackSandbox
from tests.support.processes import GatewayProcess
from tests.support.senders import Sender
from tests.support.stepped_server import SteppedRedis, stepped_redis
from tests.support.storm import CHANNELS, Vendors
from tests.support.versions import BEFORE_LANES, ROOT, version_of

pytestmark = pytest.mark.long(minutes=1)

HOURS = 5 * 3_600
STEPS = [-150, 0, 150, 0, -HOURS, 0, HOURS, 0, -150, -300]
LATEST_SECONDS = 5.0
SETTLE_SECONDS = 2.0  # between two steps


@pytest.fixture
async def vendors() -> AsyncIterator[Vendors]:
    async with SlackSandbox.start(channels=CHANNELS) as slack, PagerDutySandbox.start() as pagerduty:
        yield Vendors(slack, pagerduty)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SteppedRedis]:
    with stepped_redis(tmp_path / "store") as server:
        yield server


def pages(vendors: Vendors, names: list[str]) -> Counter[str]:
    """How many pages there were of each of these alerts."""
    titles = [set(incident.title.split()) for incident in vendors.pagerduty.incidents]
    return Counter(name for name in names for title in titles if name in title)


async def told_after(vendors: Vendors, name: str) -> float:
    """Return how many seconds pass until the alert pages somebody."""
    clock = asyncio.get_running_loop().time
    begun = clock()
    async with asyncio.timeout(60):
        while not any(name in incident.title.split() for incident in vendors.pagerduty.incidents):
            await asyncio.sleep(0.05)
    return clock() - begun


async def stepped(store: SteppedRedis, sender: Sender, vendors: Vendors) -> list[float]:
    """Step the clock again and again, and send an alert just after each step and one a moment later."""
    late = []
    for number, step in enumerate(STEPS):
        store.step(step)
        for name in (f"s{2 * number}", f"s{2 * number + 1}"):
            await sender.fire(name)
            late.append(await told_after(vendors, name))
            await asyncio.sleep(SETTLE_SECONDS)
    return late


async def all_ended(vendors: Vendors, names: list[str]) -> None:
    async with asyncio.timeout(60):
        while any(
            incident.open
            for incident in vendors.pagerduty.incidents
            if set(incident.title.split()) & set(names)
        ):
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("replicas", [1, 2])
async def test_no_step_of_the_store_s_clock_makes_a_page_late_or_sends_it_twice(
    replicas: int, store: SteppedRedis, vendors: Vendors, tmp_path: Path
) -> None:
    gateways = [
        GatewayProcess(tmp_path / f"g{number}", vendors.slack, vendors.pagerduty, store.url)
        for number in range(replicas)
    ]
    try:
        for gateway in gateways:
            gateway.start()
            await gateway.ready()
        sender = Sender([gateway.url for gateway in gateways])
        late = await stepped(store, sender, vendors)
        names = list(sender.started)
        await sender.end(names)
        await all_ended(vendors, names)
        shown = await gateways[0].metrics()
    finally:
        for gateway in gateways:
            gateway.kill()
    assert max(late) <= LATEST_SECONDS, late
    assert pages(vendors, names) == dict.fromkeys(names, 1)
    assert shown['gateway_clock_steps_total{kind="refused"}'] >= 3
    assert shown['gateway_clock_steps_total{kind="back"}'] >= 3


async def test_beside_the_version_before_nothing_is_sent_twice_and_nothing_is_lost(
    store: SteppedRedis, vendors: Vendors, tmp_path: Path
) -> None:
    before = version_of(BEFORE_LANES, tmp_path / "before")
    older, newer = (
        GatewayProcess(tmp_path / name, vendors.slack, vendors.pagerduty, store.url)
        for name in ("older", "newer")
    )
    older.code, newer.code = before, ROOT
    try:
        for gateway in (older, newer):
            gateway.start()
            await gateway.ready()
        sender = Sender([newer.url, older.url])
        late = await stepped(store, sender, vendors)
        names = list(sender.started)
        await sender.end(names)
        await all_ended(vendors, names)
    finally:
        for gateway in (older, newer):
            gateway.kill()
    assert max(late) <= LATEST_SECONDS, late
    assert pages(vendors, names) == dict.fromkeys(names, 1)
