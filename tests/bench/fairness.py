"""How long one tenant's pages take while another's storm comes in, by number of shards."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.decisions.partition import shard_of
from gateway.sandbox import PagerDutySandbox, SlackSandbox
from tests.bench.lateness import page_lateness
from tests.bench.load import drive, request, webhook
from tests.support.processes import GatewayProcess

SLOTS = 8
STORMY, CALM = "stormy", "calm"
STORM = 60_000  # alerts
AT_ONCE = 100  # alerts a webhook
RULES = """
partition_by: [tenant]
destinations:
  chat: {slack: {channel: "#alerts"}}
  stormy-pager: {pagerduty: {routing_key: {env: STORMY_KEY}}}
  calm-pager: {pagerduty: {routing_key: {env: CALM_KEY}}}
routes:
  - {name: stormy, match: ['tenant="stormy"'], notify: [chat], page: [stormy-pager], group_wait: 0s}
  - {name: calm, match: ['tenant="calm"'], page: [calm-pager], group_wait: 0s}
"""


async def fairness(folder: Path, slack: SlackSandbox, pagerduty: PagerDutySandbox) -> None:
    assert shard_of((STORMY,), SLOTS) != shard_of((CALM,), SLOTS)
    print(
        f"a tenant's page in ms, webhook to PagerDuty's receipt, while another has a storm of {STORM:,} alerts"
    )
    for shards in (1, SLOTS):
        more = {
            "GATEWAY_SHARDS": str(shards),
            "STORMY_KEY": "5" * 32,
            "CALM_KEY": "c" * 32,
            "GATEWAY_LOG_LEVEL": "error",
        }
        gateway = GatewayProcess(folder / f"fair{shards}", slack, pagerduty, rules=RULES, more=more)
        gateway.start()
        try:
            await gateway.ready()
            quiet = await page_lateness(gateway, pagerduty, f"q{shards}", tenant=CALM)
            sent = [
                request(
                    "/webhooks/alertmanager",
                    webhook(range(at, at + AT_ONCE), f"s{shards}", tenant=STORMY, severity="critical"),
                )
                for at in range(0, STORM, AT_ONCE)
            ]
            storm = asyncio.create_task(drive(gateway.port, sent, 16))
            stormy = await page_lateness(gateway, pagerduty, f"p{shards}", tenant=CALM)
            over = storm.done()
            await storm
            print(
                f"  {shards} shards: alone {_said(quiet)}, in the storm {_said(stormy)}{' (it was over before)' if over else ''}"
            )
        finally:
            gateway.kill()
            gateway.kill_store()


def _said(waits: list[float]) -> str:
    return f"median {waits[len(waits) // 2]:.0f}, longest {waits[-1]:.0f}"
