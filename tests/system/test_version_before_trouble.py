"""The version before left something in trouble behind: this one beside it, and after it, brings it to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from gateway.decisions.delivery.probes import PATIENCE_MS
from gateway.model.durations import SECOND
from gateway.sandbox import PagerDutySandbox, SlackSandbox
from gateway.sandbox.slack import Message
from tests.support.processes import GatewayProcess, alert, body
from tests.support.servers import redis_server
from tests.support.storm import stamp
from tests.support.versions import BEFORE_HASHED_KEYS, ROOT, version_of

pytestmark = pytest.mark.long(minutes=1)

PATIENCE_SECONDS = 60.0
BESIDE_SECONDS = 3.0  # how long both versions work on the store together
OLD_KEY, NEW_KEY = "R0000000000000000000000000000OLD", "R0000000000000000000000000000NEW"
RULES = """
destinations:
  chat:  {slack: {channel: "#alerts"}}
  pager: {pagerduty: {routing_key: {env: PAGERDUTY_ROUTING_KEY}}}
sources: [{name: prod, group_interval: 1s, repeat_interval: 1h}]
routes:
  - {name: everything, notify: [chat], page: [pager], group_wait: 0s, update_interval: 500ms, resolve_after: 500ms}
correlate:
  - {name: one-each, by: [alertname, service], window: 1h}
"""


@dataclass
class Rolling:
    """A store that the version before works on, and then both."""

    folder: Path
    store: str
    slack: SlackSandbox
    pagerduty: PagerDutySandbox
    before: Path
    older: GatewayProcess | None = None
    newer: GatewayProcess | None = None

    async def begin(self, **more: str) -> GatewayProcess:
        """Start the version before."""
        self.older = await self._started("older", self.before, more)
        return self.older

    async def go_on(self, **more: str) -> GatewayProcess:
        """Start this version beside the one before, and stop that after a while."""
        assert self.older is not None
        self.newer = await self._started("newer", ROOT, more)
        await asyncio.sleep(BESIDE_SECONDS)
        assert await self.older.stop() == 0
        return self.newer

    async def _started(self, name: str, code: Path, more: dict[str, str]) -> GatewayProcess:
        gateway = GatewayProcess(self.folder / name, self.slack, self.pagerduty, self.store, RULES, more)
        gateway.code = code
        gateway.start()
        await gateway.ready()
        return gateway

    def messages(self) -> list[Message]:
        return [one for one in self.slack.messages("alerts") if one.thread_ts is None and not one.deleted]

    def close(self) -> None:
        for gateway in (self.older, self.newer):
            if gateway is not None:
                gateway.kill()


@asynccontextmanager
async def _rolling(folder: Path) -> AsyncIterator[Rolling]:
    services = {OLD_KEY: "old", NEW_KEY: "new"}
    async with (
        SlackSandbox.start(channels=["alerts"]) as slack,
        PagerDutySandbox.start(services=services) as pagerduty,
    ):
        with redis_server("redis", "--appendonly", "yes") as url:
            rolling = Rolling(
                folder, url, slack, pagerduty, version_of(BEFORE_HASHED_KEYS, folder / "before")
            )
            try:
                yield rolling
            finally:
                rolling.close()


@pytest.fixture
async def rolling(tmp_path: Path) -> AsyncIterator[Rolling]:
    async with _rolling(tmp_path) as found:
        yield found


async def post(gateway: GatewayProcess, name: str, starts: str, ends: str = "") -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        what = body(alert(name, starts=starts, ends=ends))
        answer = await client.post(f"{gateway.url}/webhooks/alertmanager", json=what)
    assert answer.status_code == 200, answer.text


async def until(condition: Callable[[], bool], within: float = PATIENCE_SECONDS) -> None:
    async with asyncio.timeout(within):
        while not condition():
            await asyncio.sleep(0.1)


async def test_a_disputed_alert_goes_on_waiting_and_its_end_tells_nobody(rolling: Rolling) -> None:
    older = await rolling.begin(PAGERDUTY_ROUTING_KEY=OLD_KEY)
    starts = stamp()
    await post(older, "s1", starts)
    await until(lambda: len(rolling.pagerduty.incidents) == 1)
    await post(older, "s1", starts, stamp())
    await until(lambda: not rolling.pagerduty.incidents[0].open)
    await post(older, "s1", starts)  # a late copy
    newer = await rolling.go_on(PAGERDUTY_ROUTING_KEY=OLD_KEY)
    await post(newer, "s1", starts)
    await post(newer, "s1", starts, stamp())
    await asyncio.sleep(BESIDE_SECONDS)  # whatever would be told is told by then
    assert len(rolling.pagerduty.incidents) == 1


async def test_a_dead_letter_is_sent_once_the_channel_is_back(rolling: Rolling) -> None:
    rolling.slack.channel("alerts").archived = True
    older = await rolling.begin(PAGERDUTY_ROUTING_KEY=OLD_KEY)
    await post(older, "s1", stamp())
    await until(lambda: "is_archived" in older.log())
    newer = await rolling.go_on(PAGERDUTY_ROUTING_KEY=OLD_KEY)
    rolling.slack.channel("alerts").archived = False
    await post(newer, "s2", stamp())
    # This version asks again after 15 and 45 seconds. Where the version before, which keeps no record of refusals,
    # has sent the question, nobody writes the answer down, and the next one waits until this one is given up.
    await until(lambda: len(rolling.messages()) == 2, within=PATIENCE_SECONDS + PATIENCE_MS / SECOND)


async def test_what_stands_as_told_in_the_log_is_told_when_the_credential_comes(rolling: Rolling) -> None:
    older = await rolling.begin(PAGERDUTY_ROUTING_KEY=OLD_KEY, SLACK_BOT_TOKEN="")
    starts = stamp()
    await post(older, "s1", starts)
    await post(older, "s2", stamp())
    await until(lambda: older.log().count("not_sent_no_credential") >= 2)
    await post(older, "s2", stamp(), stamp())
    await rolling.go_on(PAGERDUTY_ROUTING_KEY=OLD_KEY)
    await until(lambda: len(rolling.messages()) == 1)
    assert "s1" in str(rolling.messages()[0].blocks), "what has ended is not told"


async def test_a_page_ends_by_the_key_that_opened_it_after_that_was_rotated(rolling: Rolling) -> None:
    older = await rolling.begin(PAGERDUTY_ROUTING_KEY=OLD_KEY)
    starts = stamp()
    await post(older, "s1", starts)
    await until(lambda: len(rolling.pagerduty.incidents) == 1)
    newer = await rolling.go_on(PAGERDUTY_ROUTING_KEY=f"{NEW_KEY},{OLD_KEY}")
    await post(newer, "s1", starts, stamp())
    await post(newer, "s3", stamp())
    await until(lambda: len(rolling.pagerduty.incidents) == 2)
    await until(lambda: [one.open for one in rolling.pagerduty.incidents] == [False, True])
    assert [one.service for one in rolling.pagerduty.incidents] == ["old", "new"]
