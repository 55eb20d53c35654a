"""Floods beside critical alerts of somebody else, and strangers who hold connections."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace

import httpx
import msgspec

from tests.chaos.figures import Figures, Goals
from tests.chaos.kind import Kind
from tests.chaos.stage import Stage
from tests.support.meanwhile import meanwhile
from tests.support.processes import RULES, alert, body
from tests.support.storm import stamp

ALERTS = 32
PROMPT = Goals(page=5.0, webhook=5.0)  # nothing of ours and nothing of a vendor's is away
TOKENS = {"CALM": "token-of-calm", "STORMY": "token-of-stormy"}
OF_SOURCES = """
sources:
  - {name: calm, match: ['team=~"t.+"'], token: {env: CALM}}
  - {name: stormy, match: ['team="none"'], token: {env: STORMY}}
"""
UNROUTED = RULES.replace("{name: everything,", "{name: everything, match: ['team!=\"none\"'],")
PAGED_IF_CRITICAL = RULES.replace(
    "page: [pager],", "page: [pager], page_when: {any: [{severity: critical}]},"
)
AT_ONCE = 1_000  # alerts a webhook
FLOODERS = 4
WAITING = 2_000  # messages to a channel that takes one a second
STRANGERS = 2_050
ADDRESSES = 8
BACK_AFTER = 5.0  # seconds after it was cut a stranger comes again
PROBED_EVERY = 1.0  # seconds
PROBE_SECONDS = 5.0


def warnings(first: int, number: int, team: str) -> bytes:
    starts = stamp()
    made = [
        alert(f"n{place}", starts=starts, severity="warning", team=team)
        for place in range(first, first + number)
    ]
    return msgspec.json.encode(body(*made))


@asynccontextmanager
async def flooded(url: str, token: str) -> AsyncIterator[None]:
    """Webhooks of many new alerts each, one after another over some connections, as long as the block lasts."""

    async def flood(place: int) -> None:
        first = place * 10_000_000
        async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
            while True:
                sent = await asyncio.to_thread(warnings, first, AT_ONCE, "none")
                first += AT_ONCE
                with suppress(httpx.TransportError):
                    await client.post(
                        f"{url}/webhooks/alertmanager",
                        content=sent,
                        headers={"authorization": f"Bearer {token}", "content-type": "application/json"},
                    )

    async with meanwhile(*[flood(place) for place in range(FLOODERS)]):
        yield


async def another_source_floods(stage: Stage) -> Figures:
    await stage.start(rules=UNROUTED + OF_SOURCES, more=lambda place: TOKENS)
    stage.sender.headers = {"authorization": f"Bearer {TOKENS['CALM']}"}
    async with flooded(stage.gateways[0].url, TOKENS["STORMY"]):
        await stage.alerts(ALERTS)
        await stage.all_told()
    return await stage.over()


async def a_channel_is_behind(stage: Stage) -> Figures:
    """Messages of warnings wait for one channel; that channel's critical ones and all others go past them."""
    await stage.start(rules=PAGED_IF_CRITICAL)
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        for first in range(0, WAITING, AT_ONCE):
            answer = await client.post(
                f"{stage.gateways[0].url}/webhooks/alertmanager",
                content=warnings(first, AT_ONCE, "t0"),
                headers={"content-type": "application/json"},
            )
            assert answer.status_code == 200, answer.text
    await stage.alerts(ALERTS)
    return await stage.over(backlog=True)


@asynccontextmanager
async def strangers(port: int) -> AsyncIterator[None]:
    """Idle connections from some addresses, which come again when they are cut."""

    async def idle(place: int) -> None:
        source = f"127.0.0.{2 + place % ADDRESSES}"
        while True:
            with suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
                try:
                    await reader.read()
                finally:
                    writer.close()
            await asyncio.sleep(BACK_AFTER)

    async with meanwhile(*[idle(place) for place in range(STRANGERS)]):
        yield


@dataclass
class Probes:
    """What probes and Prometheus ask, each over a connection of its own."""

    url: str
    unanswered: int = 0

    async def ask(self) -> None:
        while True:
            for path in ("/livez", "/readyz", "/metrics"):
                try:
                    async with httpx.AsyncClient(timeout=PROBE_SECONDS, trust_env=False) as client:
                        answered = (await client.get(f"{self.url}{path}")).status_code == 200
                except httpx.TransportError:
                    answered = False
                self.unanswered += not answered
            await asyncio.sleep(PROBED_EVERY)


async def strangers_hold_connections(stage: Stage) -> Figures:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8_192), hard))
    await stage.start(more=lambda place: {"GATEWAY_WEBHOOK_TOKEN": TOKENS["CALM"]})
    stage.sender.headers = {"authorization": f"Bearer {TOKENS['CALM']}"}
    gateway = stage.gateways[0]
    probes = Probes(gateway.url)
    async with strangers(gateway.port):
        probing = asyncio.create_task(probes.ask())
        await stage.alerts(ALERTS)
        await stage.all_told()
        probing.cancel()
        await asyncio.gather(probing, return_exceptions=True)
    return replace(await stage.over(), unanswered=probes.unanswered)


KINDS = [
    Kind("storm-of-a-source", "another source sends webhooks of 1,000 new warnings, one after another over 4 connections", another_source_floods, PROMPT, short=True, alone=True),
    Kind("storm-behind", "2,000 messages wait for one Slack channel, which takes one a second", a_channel_is_behind, PROMPT, alone=True),
    Kind("strangers", "2,050 idle connections of strangers, which come again 5 s after they are cut; probes and /metrics are asked every second", strangers_hold_connections, PROMPT, short=True, alone=True),
]  # fmt: skip
