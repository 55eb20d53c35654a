"""How long one tenant's pages take while another's storm comes in, by number of shards."""

from __future__ import annotations

import asyncio

from gateway.decisions.partition import shard_of
from tests.bench.bench import Bench
from tests.bench.lateness import page_lateness
from tests.bench.load import batches, drive, labels, to_gateway, webhook_of

SHARDS = 8
STORMY, CALM = "stormy", "calm"
STORM = 60_000  # alerts
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


async def fairness(bench: Bench) -> None:
    assert shard_of((STORMY,), SHARDS) != shard_of((CALM,), SHARDS)
    print(
        f"a tenant's page in ms, webhook to PagerDuty's receipt, while another has a storm of {STORM:,} alerts"
    )
    for shards in (1, SHARDS):
        settings = {"GATEWAY_SHARDS": str(shards), "STORMY_KEY": "5" * 32, "CALM_KEY": "c" * 32}
        async with bench.process(f"fair{shards}", RULES, **settings) as gateway:
            quiet = await page_lateness(gateway, bench.pagerduty, f"q{shards}", tenant=CALM)
            sent = batches(
                labels(number, f"s{shards}", tenant=STORMY, severity="critical") for number in range(STORM)
            )
            storm = asyncio.create_task(
                drive(gateway.port, [to_gateway(webhook_of(batch)) for batch in sent])
            )
            stormy = await page_lateness(gateway, bench.pagerduty, f"p{shards}", tenant=CALM)
            over = storm.done()
            await storm
            print(
                f"  {shards} shards: alone {_said(quiet)}, in the storm {_said(stormy)}{' (it was over before)' if over else ''}"
            )


def _said(waits: list[float]) -> str:
    return f"median {waits[len(waits) // 2]:.0f}, longest {waits[-1]:.0f}"
