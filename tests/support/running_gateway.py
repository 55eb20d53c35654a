"""A whole gateway in this process, on its embedded store, with the local vendors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.app import Gateway, running
from gateway.config.environment import Environment
from gateway.model.lanes import Pace
from gateway.runtime.apm import UNREPORTED, Reporter
from gateway.sandbox import PagerDutySandbox, SlackSandbox
from gateway.sandbox.slack import DEFAULT_TOKEN
from tests.support.pages import answers_written
from tests.support.patience import PATIENCE
from tests.support.processes import ROUTING_KEY, alert, body

RULES = """
destinations:
  chat:  {slack: {channel: "#alerts", mention_on_page: ["@here"]}}
  pager: {pagerduty: {routing_key: {env: PAGERDUTY_ROUTING_KEY}}, fallback: [chat], fallback_after: 1s}
routes:
  - {name: everything, notify: [chat], page: [pager], page_when: {any: [{severity: critical}]}, group_wait: 50ms, update_interval: 100ms, resolve_after: 100ms}
"""


@dataclass
class Running:
    """`ask` goes to the gateway's own HTTP face."""

    gateway: Gateway
    slack: SlackSandbox
    pagerduty: PagerDutySandbox
    folder: Path
    client: httpx.AsyncClient

    async def ask(self, path: str, method: str = "GET", **more: Any) -> httpx.Response:
        return await self.client.request(method, path, **more)

    async def shown(self, path: str, method: str = "GET", status: int = 200, **more: Any) -> dict[str, Any]:
        """What the API answers, which has to be with this status."""
        answer = await self.ask(path, method, **more)
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    async def webhook(self, *alerts: dict[str, object]) -> httpx.Response:
        return await self.client.post("/webhooks/alertmanager", json=body(*alerts))

    async def until(self, condition: Callable[[], object]) -> None:
        deadline = asyncio.get_running_loop().time() + PATIENCE
        while not condition():
            assert asyncio.get_running_loop().time() < deadline, "it did not happen in time"
            await asyncio.sleep(0.02)

    async def told(self, service: str = "pay") -> str:
        """Send one firing alert and wait until both places know; the incident's id."""
        assert (await self.webhook(alert(service, starts="2026-11-23T10:00:00Z"))).status_code == 200
        await self.until(lambda: self.slack.messages("alerts") and self.pagerduty.incidents)
        await answers_written(self.gateway.shards)
        return self.pagerduty.incidents[-1].dedup_key.partition(".")[0]


@dataclass
class Starter:
    """Starts gateways on one folder, one after the other."""

    folder: Path
    slack: SlackSandbox
    pagerduty: PagerDutySandbox
    stack: AsyncExitStack
    more: dict[str, str] = field(default_factory=dict)
    reporter: Reporter = UNREPORTED

    def environment(self) -> Environment:
        rules = self.folder / "rules.yaml"
        if not rules.exists():
            rules.write_text(RULES, "utf-8")
        return Environment(
            {
                "GATEWAY_RULES": str(rules),
                "GATEWAY_DATA_DIR": str(self.folder / "data"),
                "SLACK_BOT_TOKEN": DEFAULT_TOKEN,
                "SLACK_API_URL": self.slack.url,
                "PAGERDUTY_ROUTING_KEY": ROUTING_KEY,
                "PAGERDUTY_EVENTS_URL": self.pagerduty.events_url,
                **self.more,
            }
        )

    async def start(self) -> Running:
        paces = {"slack": Pace(10, 10), "pagerduty": Pace(10, 10)}
        running_gateway = running(self.environment(), paces, reporter=self.reporter)
        gateway = await self.stack.enter_async_context(running_gateway)
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(
                self.reporter.around(gateway.asgi_app, gateway.asgi_app.endpoint_of)
            ),
            base_url="http://127.0.0.1",
        )
        await self.stack.enter_async_context(client)
        return Running(gateway, self.slack, self.pagerduty, self.folder, client)


@pytest.fixture
async def starter(tmp_path: Path) -> AsyncIterator[Starter]:
    async with (
        SlackSandbox.start(channels=["alerts"]) as slack,
        PagerDutySandbox.start() as pagerduty,
    ):
        starter = Starter(tmp_path, slack, pagerduty, AsyncExitStack())
        try:
            yield starter
        finally:
            await starter.stack.aclose()  # that of now: a test may have ended some gateways and begun others


@pytest.fixture
async def app(starter: Starter) -> Running:
    return await starter.start()
