"""A gateway ends soon after it is told to, whatever the vendors do that it is talking to."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest

from gateway.sandbox import PagerDutySandbox, SlackSandbox
from tests.support import hostile_peers
from tests.support.hostile_peers import after_request, hostile, never_connecting, silent
from tests.support.processes import GatewayProcess, alert, body, send_until_taken

STOP_SECONDS = 20.0
TEAMS = 12
RULES = """
partition_by: [team]
destinations:
  chat:   {slack: {channel: "#alerts"}}
  pager:  {pagerduty: {routing_key: {env: PAGERDUTY_ROUTING_KEY}}}
  tunnel: {webhook: {url: {env: TLS_URL}}}
  far:    {webhook: {url: {env: FAR_URL}}}
  audit:  {webhook: {url: {env: AUDIT_URL}}}
routes:
  - {name: everything, notify: [chat, tunnel, far, audit], page: [pager], group_wait: 0s}
correlate:
  - {name: one-each, by: [alertname, service], window: 1h}
"""

pytestmark = pytest.mark.long


@pytest.mark.parametrize("shards", [1, 4])
async def test_it_ends_within_20_s_while_every_vendor_hangs_in_a_way_of_its_own(
    shards: int, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(SlackSandbox.start())
        pagerduty = await stack.enter_async_context(PagerDutySandbox.start())
        peers = [
            await stack.enter_async_context(hostile(talk))
            for talk in (
                after_request(hostile_peers.dribbled_body),
                after_request(hostile_peers.dribbled_head),
                after_request(hostile_peers.dribbled_body_without_a_length),
                silent,
                after_request(hostile_peers.endless_continue),
            )
        ]
        chat, pager, audit, tunnel, pings = (port for _, port in peers)
        more = {
            "GATEWAY_SHARDS": str(shards),
            "SLACK_API_URL": f"http://127.0.0.1:{chat}/api/",
            "PAGERDUTY_EVENTS_URL": f"http://127.0.0.1:{pager}",
            "AUDIT_URL": f"http://127.0.0.1:{audit}/audit",
            "TLS_URL": f"https://127.0.0.1:{tunnel}/hook",
            "FAR_URL": f"http://127.0.0.1:{stack.enter_context(never_connecting())}/hook",
            "GATEWAY_HEARTBEAT_URL": f"http://127.0.0.1:{pings}/ping",
        }
        gateway = GatewayProcess(tmp_path, slack, pagerduty, rules=RULES, more=more)
        gateway.start()
        stack.callback(gateway.kill)
        await gateway.ready()
        for number in range(TEAMS):
            fires = alert("cart", starts=datetime.now(UTC).isoformat(), team=f"t{number}")
            await send_until_taken([gateway.url], body(fires))
        async with asyncio.timeout(30):
            for peer, _ in peers:
                await peer.is_open(1)
        began = monotonic()
        assert await gateway.stop() == 0, gateway.log()[-3000:]
        assert monotonic() - began < STOP_SECONDS
