"""`/health/deep` asks the store and the destinations and tries the path: for whoever has a token, and not too often."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from gateway.errors import StateUnavailable
from gateway.inbound.asked_store import AskedStore
from gateway.inbound.deep_health import DeepHealth
from gateway.simulate.self_test import PathTested
from gateway.storage.memory import MemoryStore
from tests.support.running_gateway import Running, Starter

ADMIN = {"authorization": "Bearer deep-and-secret"}


class Away(MemoryStore):
    async def now(self) -> int:
        raise StateUnavailable("away")


class Counted:
    """Counts how often the path was tried."""

    runs = 0

    async def try_the_path(self) -> PathTested:
        self.runs += 1
        await asyncio.sleep(0)
        return PathTested(can_receive=True)


async def no_destinations() -> None:
    return None


def health(store_answers: bool) -> Mapping[str, object]:
    return {"status": "healthy"}


async def test_it_adds_how_long_things_take_and_which_steps_work(starter: Starter) -> None:
    starter.more = {"GATEWAY_ADMIN_TOKEN": "deep-and-secret"}
    app = await starter.start()
    found = (await app.ask("/health/deep", headers=ADMIN)).json()
    assert found["status"] in ("healthy", "degraded")
    assert found["checks"]["external_apis"] is True
    assert found["latency_ms"] > 0
    assert found["database_latency_ms"] == found["cache_latency_ms"] > 0
    steps = ("can_receive", "can_decide", "can_route", "can_render")
    assert found["detailed_checks"] == dict.fromkeys(steps, True)


async def test_nothing_of_it_reaches_the_store_the_books_or_anybody(app: Running) -> None:
    before = await app.gateway.shards.counters()
    assert (await app.ask("/health/deep")).status_code == 200
    assert await app.gateway.shards.counters() == before
    assert app.gateway.metrics.registry.get_sample_value(
        "gateway_observations_total", {"outcome": "opened", "reason": "first_firing"}
    ) in (None, 0)
    assert not app.slack.messages("alerts")
    assert not app.pagerduty.incidents


async def test_a_stranger_learns_nothing_by_it(starter: Starter) -> None:
    starter.more = {"GATEWAY_ADMIN_TOKEN": "deep-and-secret"}
    app = await starter.start()
    answered = await app.ask("/health/deep")
    assert answered.status_code == 401
    assert "GATEWAY_ADMIN_TOKEN" in answered.text
    assert (await app.ask("/health")).status_code == 200
    refused = app.gateway.metrics.registry.get_sample_value(
        "gateway_refused_requests_total", {"door": "health", "reason": "no_token"}
    )
    assert refused == 1


async def test_all_who_ask_within_ten_seconds_share_one_run() -> None:
    counted = Counted()
    deep = DeepHealth(AskedStore(MemoryStore(lambda: 1)), health, no_destinations, counted.try_the_path)
    asked = [asyncio.create_task(deep.shown()) for _ in range(5)]
    await asyncio.sleep(0)
    asked[0].cancel()  # whoever hangs up takes the answer from nobody else
    found = await asyncio.gather(*asked[1:])
    assert all(each == found[0] for each in found)
    await deep.shown()
    assert counted.runs == 1
    deep._begun_at -= 10_000
    await deep.shown()
    assert counted.runs == 2


async def test_a_store_that_is_away_has_no_latency() -> None:
    deep = DeepHealth(AskedStore(Away(lambda: 1)), health, no_destinations, Counted().try_the_path)
    found = await deep.shown()
    assert found["database_latency_ms"] is None
    assert found["detailed_checks"]["can_receive"] is True  # type: ignore[index]
