"""A store that fills up under a running gateway: people hear of it, and what ended long ago makes room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from gateway.sandbox import PagerDutySandbox, SlackSandbox
from gateway.storage.connections import Client, connect
from tests.support.processes import RULES, GatewayProcess, alert, body
from tests.support.stepped_server import SteppedRedis, stepped_redis
from tests.support.storm import CHANNELS

pytestmark = pytest.mark.long

LIMIT = 13 << 20  # bytes
QUIET, FLAPPING, PAGED = 2_000, 500, 4
AT_ONCE = 250  # alerts a webhook
LATER = 2 * 3_600  # seconds: what ended within the hour is forgotten by no pressure
PATIENCE = 180.0
UNROUTED = RULES.replace("{name: everything,", "{name: everything, match: ['team!=\"none\"'],")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SteppedRedis]:
    with stepped_redis(tmp_path / "store") as server:
        yield server


@pytest.fixture
async def gateway(tmp_path: Path, store: SteppedRedis) -> AsyncIterator[GatewayProcess]:
    async with SlackSandbox.start(channels=CHANNELS) as slack, PagerDutySandbox.start() as pagerduty:
        process = GatewayProcess(tmp_path / "gateway", slack, pagerduty, store.url, UNROUTED)
        yield process
        process.kill()


@dataclass
class Sender:
    """Sends alerts of nine o'clock, each with a kilobyte of labels; a later life of one begins a minute later."""

    gateway: GatewayProcess
    client: httpx.AsyncClient

    async def send(self, first: int, count: int, *, life: int = 0, ended: bool = False, **labels: str) -> int:
        """Return the worst answer."""
        starts, ends = f"2026-11-23T09:{life:02}:00Z", f"2026-11-23T09:{life:02}:30Z" if ended else ""
        labels = {"team": "none", "severity": "warning", "padding": "x" * 900, **labels}
        statuses = [200]
        for start in range(first, first + count, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, first + count))
            made = [alert(f"n{number}", starts=starts, ends=ends, **labels) for number in numbers]
            answer = await self.client.post(f"{self.gateway.url}/webhooks/alertmanager", json=body(*made))
            statuses.append(answer.status_code)
        return max(statuses)


async def sizes(redis: Client) -> dict[str, int]:
    rows = {
        name: await redis.ask("HLEN", f"{{gw:0}}:{name}")
        for name in ("alerts", "past", "incidents", "tombstones")
    }
    expiring = await redis.ask("ZLEXCOUNT", "{gw:0}:lanes", "[09expire|", "(09expire}")
    return {**rows, "log": await redis.ask("XLEN", "{gw:0}:log"), "expiring": expiring}


async def lived(sender: Sender, redis: Client) -> None:
    """Have alerts fire and end, a quarter of them twice and some of them paged; return when all is at rest."""
    page = {"team": "t0", "severity": "critical"}
    for ended in (False, True):
        assert await sender.send(9_000, PAGED, ended=ended, **page) == 200
        assert await sender.send(0, QUIET, ended=ended) == 200
        await asyncio.sleep(2)
    for ended in (False, True):
        assert await sender.send(0, FLAPPING, life=1, ended=ended) == 200
    async with asyncio.timeout(PATIENCE):
        while (found := await sizes(redis))["expiring"] < found["incidents"]:
            await asyncio.sleep(0.5)
    assert found["past"] >= FLAPPING


async def flood(sender: Sender, redis: Client) -> dict[str, int]:
    """Send new alerts, all of which are taken, until some that ended are forgotten. Return what there is then."""
    async with asyncio.timeout(PATIENCE):
        for batch in range(1_000):
            assert await sender.send(100_000 + 50 * batch, 50) == 200
            if (found := await sizes(redis))["tombstones"]:
                return found
            await asyncio.sleep(0.2)
    raise AssertionError("nothing is forgotten")


def paged(gateway: GatewayProcess, name: str) -> int:
    return sum(name in incident.title for incident in gateway.pagerduty.incidents)


async def test_history_goes_first_then_what_ended_and_what_comes_late_is_known(
    gateway: GatewayProcess, store: SteppedRedis
) -> None:
    redis = connect(store.url)
    gateway.start()
    await gateway.ready()
    # The gateway closes what a stranger leaves idle for two seconds: such a connection is not used again.
    fresh = httpx.Limits(keepalive_expiry=1)
    async with httpx.AsyncClient(timeout=60, trust_env=False, limits=fresh) as client:
        sender = Sender(gateway, client)
        await lived(sender, redis)
        assert await gateway.stop() == 0
        store.step(LATER)
        await redis.ask_each("CONFIG SET", "maxmemory", str(LIMIT))
        gateway.start()
        await gateway.ready()
        before = await sizes(redis)
        found = await flood(sender, redis)
        # What is left is of our own alerts, which are open.
        assert found["past"] < 5
        assert found["log"] < before["log"]
        async with asyncio.timeout(PATIENCE):
            # It is counted after it is done.
            while not (metrics := await gateway.metrics())['gateway_forgotten_early_total{source="default"}']:
                await asyncio.sleep(0.2)
        assert metrics['gateway_lives_forgotten_early_total{source="default"}'] >= FLAPPING
        assert metrics['gateway_store_memory_bytes{what="limit"}'] == LIMIT
        assert not [name for name, value in metrics.items() if "identity_residue" in name and value]
        async with asyncio.timeout(PATIENCE):
            while not paged(gateway, "GatewayStoreFilling"):
                await asyncio.sleep(0.2)
            # The oldest went first: those that were paged.
            while await redis.ask("HLEN", "{gw:0}:tombstones") < PAGED:
                await sender.send(200_000, 50)
                await asyncio.sleep(0.2)
        pages = paged(gateway, "Down")
        late = {"team": "t0", "severity": "critical"}
        assert await sender.send(9_000, 1, **late) == 200
        assert await sender.send(9_001, 1, ended=True, **late) == 200
        await asyncio.sleep(2)
        metrics = await gateway.metrics()
        assert metrics['gateway_observations_total{outcome="opened",reason="disputed"}'] == 1
        assert metrics['gateway_observations_total{outcome="ignored",reason="already_ended"}'] == 1
        assert paged(gateway, "Down") == pages
    await redis.aclose()
