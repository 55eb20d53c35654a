"""The version before knows a copy by its fingerprint as sent alone: beside it no alert is stuck or doubled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from gateway.sandbox import PagerDutySandbox, SlackSandbox
from tests.support.processes import RULES, GatewayProcess, alert, body
from tests.support.servers import redis_server
from tests.support.storm import CHANNELS, stamp
from tests.support.versions import BEFORE_HASHED_KEYS, ROOT, version_of

pytestmark = pytest.mark.long

BEFORE_THE_RELAY = "0123456789abcdef"  # the fingerprint of labels to which a relay has added one
PATIENCE_SECONDS = 30.0


class Relay:
    """One relayed alert, whose webhooks go to whichever version a test names."""

    def __init__(self, name: str) -> None:
        self.name, self.starts = name, stamp()

    async def fires(self, gateway: GatewayProcess) -> None:
        await self._send(gateway, "")

    async def ends(self, gateway: GatewayProcess) -> None:
        await self._send(gateway, stamp())

    async def _send(self, gateway: GatewayProcess, ends: str) -> None:
        sent = alert(self.name, starts=self.starts, ends=ends, team="t1", cluster="eu-1")
        async with httpx.AsyncClient(trust_env=False) as client:
            url = f"{gateway.url}/webhooks/alertmanager"
            answer = await client.post(url, json=body({**sent, "fingerprint": BEFORE_THE_RELAY}))
        assert answer.status_code == 200, answer.text


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():
            await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    "by",
    [
        pytest.param(["older", "newer", "newer"], id="opened before, seen and ended after"),
        pytest.param(["newer", "older"], id="opened after, ended before"),
        pytest.param(["older", "newer", "older", "newer", "older"], id="in turn, ended before"),
        pytest.param(["newer", "older", "newer", "older", "newer"], id="in turn, ended after"),
    ],
)
async def test_a_relayed_alert_is_told_once_and_ends_whichever_version_takes_its_webhooks(
    by: list[str], tmp_path: Path
) -> None:
    async with SlackSandbox.start(channels=CHANNELS) as slack, PagerDutySandbox.start() as pagerduty:
        with redis_server("redis", "--appendonly", "yes") as url:
            gateways = {
                name: GatewayProcess(tmp_path / name, slack, pagerduty, url, RULES)
                for name in ("older", "newer")
            }
            gateways["older"].code = version_of(BEFORE_HASHED_KEYS, tmp_path / "before")
            gateways["newer"].code = ROOT
            try:
                for gateway in gateways.values():
                    gateway.start()
                    await gateway.ready()
                relayed = Relay("s1")
                for name in by[:-1]:
                    await relayed.fires(gateways[name])
                await until(lambda: len(pagerduty.incidents) == 1)
                await relayed.ends(gateways[by[-1]])
                await until(lambda: not any(page.open for page in pagerduty.incidents))
                await asyncio.sleep(1)  # whatever would still be said is said by then
                assert len(pagerduty.incidents) == 1, "nobody is paged twice"
                assert len([one for one in slack.messages("t1-alerts") if one.thread_ts is None]) == 1
            finally:
                for gateway in gateways.values():
                    gateway.kill()
