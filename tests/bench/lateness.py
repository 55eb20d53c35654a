"""How late pages are: from the start of a webhook to PagerDuty's receipt."""

from __future__ import annotations

import asyncio
import json
import re
import time

from gateway.sandbox import PagerDutySandbox
from tests.bench.load import drive, to_gateway, webhook
from tests.support.processes import GatewayProcess

PAGES = 20
EVERY = 0.3  # seconds


async def page_lateness(
    gateway: GatewayProcess, pagerduty: PagerDutySandbox, prefix: str, **labels: str
) -> list[float]:
    """Return it in ms, sorted, of one critical alert after the other; `prefix` is of this measurement alone."""
    sent: dict[str, float] = {}
    for number in range(PAGES):
        name = f"{prefix}n{number}x"
        sent[name] = time.time()
        body = webhook([0], name, severity="critical", **labels)
        await drive(gateway.port, [to_gateway(body)], 1)
        await asyncio.sleep(max(0.0, sent[name] + EVERY - time.time()))
    found: dict[str, float] = {}
    while len(found) < PAGES:
        await asyncio.sleep(0.2)
        for call in pagerduty.calls:
            match = re.search(rf"{prefix}n\d+x", json.dumps(call.arguments, default=str))
            if match is not None and match[0] in sent:
                found.setdefault(match[0], call.at.timestamp())
    return sorted((at - sent[name]) * 1000 for name, at in found.items())
