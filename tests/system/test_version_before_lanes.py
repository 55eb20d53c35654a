"""The version before looks at the agenda alone, this one at its index: killed beside each other, with a channel full of
what waits for its pace, neither loses or doubles anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.sandbox import PagerDutySandbox, SlackSandbox
from tests.support.processes import GatewayProcess
from tests.support.senders import Sender
from tests.support.servers import redis_server
from tests.support.storm import (
    CHANNELS,
    TEAMS,
    Vendors,
    check,
    everybody_told,
    paged,
    settled,
    told_in_slack,
)
from tests.support.versions import BEFORE_LANES, ROOT, version_of
from tests.system.test_version_before import assert_no_subject_failed, start

pytestmark = pytest.mark.long(minutes=1)

WAITING = 20  # for one channel, which takes one message a second
PATIENCE_SECONDS = 60.0


def of_one_channel(first: int) -> list[str]:
    return [f"s{TEAMS * number}" for number in range(first, first + WAITING)]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():
            await asyncio.sleep(0.1)


async def test_what_waits_is_told_once_whichever_version_is_killed_over_it(tmp_path: Path) -> None:
    before = version_of(BEFORE_LANES, tmp_path / "before")
    async with SlackSandbox.start(channels=CHANNELS) as slack, PagerDutySandbox.start() as pagerduty:
        vendors = Vendors(slack, pagerduty)
        with redis_server("redis", "--appendonly", "yes") as url:
            older, newer = (
                GatewayProcess(tmp_path / name, slack, pagerduty, url) for name in ("older", "newer")
            )
            sender = Sender([older.url])
            try:
                await start(older, before)
                await sender.fire_in_turn(of_one_channel(0), 0.02)
                await start(newer, ROOT)
                older.kill()
                sender.urls = [newer.url]
                await sender.fire("s1")
                await until(lambda: len(paged(vendors)) > WAITING)
                assert len(told_in_slack(vendors)) < WAITING, "the page went past what waits"
                await everybody_told(vendors, WAITING + 1)

                await sender.fire_in_turn(of_one_channel(WAITING), 0.02)
                await start(older, before)
                await until(lambda: len(told_in_slack(vendors)) > WAITING + 5)
                newer.kill()
                sender.urls = [older.url]
                await everybody_told(vendors, 2 * WAITING + 1)

                await start(newer, ROOT)
                await sender.end([*of_one_channel(0), *of_one_channel(WAITING), "s1"])
                await settled([newer], vendors)
                await check([newer], vendors, 2 * WAITING + 1)
                assert_no_subject_failed(older, newer)
            finally:
                for gateway in (older, newer):
                    gateway.kill()
