"""The versions before the scripts' fields had names and before the agenda had an index, and this one: on one store
side by side, and in turn, there and back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.sandbox import PagerDutySandbox, SlackSandbox
from tests.support.processes import RULES, GatewayProcess
from tests.support.senders import Sender
from tests.support.servers import redis_server
from tests.support.storm import CHANNELS, Vendors, check, everybody_told, settled, told_in_slack
from tests.support.versions import BEFORE_LANES, BEFORE_NAMED_FIELDS, ROOT, version_of

INCIDENTS = 32
APART = 0.1  # seconds between two webhooks
PATIENCE_SECONDS = 120.0
SHARDS = "2"
PARTED = f"partition_by: [team]\n{RULES}"
NAMES = [f"s{number}" for number in range(INCIDENTS)]
HALF = INCIDENTS // 2

pytestmark = pytest.mark.long


@pytest.fixture
async def vendors() -> AsyncIterator[Vendors]:
    async with SlackSandbox.start(channels=CHANNELS) as slack, PagerDutySandbox.start() as pagerduty:
        yield Vendors(slack, pagerduty)


@pytest.fixture(params=[BEFORE_NAMED_FIELDS, BEFORE_LANES], ids=["named fields", "lanes"])
def before(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where the code of the version before lies."""
    return version_of(request.param, tmp_path / "before")


async def start(gateway: GatewayProcess, code: Path) -> None:
    gateway.code = code
    gateway.start()
    await gateway.ready()


async def ended(vendors: Vendors, count: int) -> None:
    """Wait until so many incidents were told to be over, in Slack and by PagerDuty."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            resolved = sum("Resolved" in message.text for message in told_in_slack(vendors))
            closed = sum(not page.open for page in vendors.pagerduty.incidents)
            if min(resolved, closed) >= count:
                return
            await asyncio.sleep(0.2)


def assert_no_subject_failed(*gateways: GatewayProcess) -> None:
    """Whatever one version left on the agenda, the other could do."""
    failed = [line for gateway in gateways for line in gateway.log().splitlines() if "subject_failed" in line]
    assert not failed, failed[0]


@pytest.mark.parametrize("server", ["redis", "valkey"])
async def test_both_versions_work_on_one_store_and_either_can_be_left_alone_with_it(
    server: str, vendors: Vendors, before: Path, tmp_path: Path
) -> None:
    more = {"GATEWAY_SLOTS": SHARDS}  # the version before knows no other name for it
    with redis_server(server, "--appendonly", "yes") as url:
        older, newer = (
            GatewayProcess(tmp_path / name, vendors.slack, vendors.pagerduty, url, PARTED, more)
            for name in ("older", "newer")
        )
        sender = Sender([older.url])
        try:
            await start(older, before)
            await sender.fire_in_turn(NAMES[: HALF // 2], APART)
            await everybody_told(vendors, HALF // 2)

            await start(newer, ROOT)
            sender.urls = [newer.url, older.url]
            await sender.fire_in_turn(NAMES[HALF // 2 : HALF], APART)
            sender.urls = [older.url, newer.url]
            await sender.fire_in_turn(NAMES[HALF : -HALF // 2], APART)
            await everybody_told(vendors, INCIDENTS - HALF // 2)

            assert await older.stop() == 0
            sender.urls = [newer.url]
            await sender.fire_in_turn(NAMES[-HALF // 2 :], APART)
            await everybody_told(vendors, INCIDENTS)
            await sender.end(NAMES[::2])
            await ended(vendors, HALF)

            assert await newer.stop() == 0
            await start(older, before)
            sender.urls = [older.url]
            await sender.end(NAMES[1::2])
            await settled([older], vendors)
            await check([older], vendors, INCIDENTS)
            assert_no_subject_failed(older, newer)
        finally:
            for gateway in (older, newer):
                gateway.kill()
    assert set(sender.answers) == {200}, sender.answers


async def test_the_embedded_store_of_either_version_is_taken_over_by_the_other(
    vendors: Vendors, before: Path, tmp_path: Path
) -> None:
    gateway = GatewayProcess(
        tmp_path / "g", vendors.slack, vendors.pagerduty, "", PARTED, {"GATEWAY_SLOTS": SHARDS}
    )
    sender = Sender([gateway.url])
    try:
        await start(gateway, before)
        await sender.fire_in_turn(NAMES[:HALF], APART)
        await everybody_told(vendors, HALF)
        assert await gateway.stop() == 0

        await start(gateway, ROOT)
        await sender.fire_in_turn(NAMES[HALF:], APART)
        await everybody_told(vendors, INCIDENTS)
        await sender.end(NAMES[::2])
        await ended(vendors, HALF)
        assert await gateway.stop() == 0

        await start(gateway, before)
        await sender.end(NAMES[1::2])
        await settled([gateway], vendors)
        await check([gateway], vendors, INCIDENTS)
        assert_no_subject_failed(gateway)
    finally:
        gateway.kill()
        gateway.kill_store()
