"""The whole stack of one age: the shipped files on real programs, two gateways on one store, and local vendors."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from gateway.cli.stack.asking import ask_all_the_time
from gateway.cli.stack.gateway_rules import ALERTMANAGERS, TOKEN, gateway_rules
from gateway.cli.stack.programs import Programs
from gateway.cli.stack.running import Layout, Ports, Stack, running_stack
from gateway.cli.stack.shipped import OLDER, ShippedFiles
from gateway.sandbox import PagerDutySandbox, SlackSandbox
from tests.support.alertmanager import Alertmanager, until
from tests.support.processes import GatewayProcess
from tests.support.prometheus import Prometheus
from tests.support.servers import free_port, redis_server
from tests.support.stack import newest_that_was_fetched, releases_of, stack_of

SPEED = 20.0
PATIENCE = 60.0
SECRET = "token-of-the-stack"


@dataclass
class WholeStack:
    """What runs, and what people see of it. `steps` says how long each step took."""

    parts: Stack
    gateways: tuple[GatewayProcess, GatewayProcess]
    slack: SlackSandbox
    pagerduty: PagerDutySandbox
    files: ShippedFiles
    steps: list[str] = field(default_factory=list)

    @property
    def prometheus(self) -> Prometheus:
        return Prometheus(self.parts.prometheus.url)

    @property
    def alertmanager(self) -> Alertmanager:
        """Return the first of the pair; the other one hears of its silences."""
        return Alertmanager(self.parts.alertmanagers[0].url, Path())

    async def switch(self, **wanted: Any) -> None:
        """Set the switches of the evaluation service."""
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            answer = await client.post(f"{self.parts.evaluation.url}/switches", json=wanted)
            answer.raise_for_status()

    @property
    def has_event_recorder(self) -> bool:
        return bool(self.files.alertmanager_flags)

    async def asked(self, query: str) -> float:
        """Return the only value that Prometheus has for a query, 0 where it has none."""
        found = list((await self.prometheus.query(query)).values())
        assert len(found) <= 1, found
        return sum(found)

    def _titles(self) -> list[str]:
        """Return the titles of what the gateway shows in Slack, as they read now."""
        messages = [message for message in self.slack.messages("alerts") if not message.deleted]
        return [message.text.splitlines()[0] for message in messages if message.text]

    def fires_in_slack(self, alert: str) -> bool:
        return any(alert in title and not _over(title) for title in self._titles())

    def over_in_slack(self, alert: str) -> bool:
        """Return whether people heard of it, and no message about it says that it still fires."""
        return any(alert in title for title in self._titles()) and not self.fires_in_slack(alert)

    def open_in_slack(self) -> list[str]:
        return [title for title in self._titles() if not _over(title)]

    def directly(self, alert: str, sign: str = "") -> list[str]:
        """Return the titles of what Alertmanager itself has posted in Slack about an alert, by their first sign."""
        sent = [message.content.attachments for message in self.slack.messages("alerts")]
        titles = [str(attachments[0]["title"]) for attachments in sent if attachments]  # type: ignore[index]
        return [
            title for title in titles if title == f"{sign or title[0]} {alert} (sent by Alertmanager itself)"
        ]

    def pages(self, alert: str) -> list[str]:
        """Return the states of PagerDuty's incidents about an alert."""
        return [page.status for page in self.pagerduty.incidents if alert in page.title]

    def paged(self, alert: str) -> bool:
        return "triggered" in self.pages(alert)

    def open_pages(self) -> list[str]:
        return [page.title for page in self.pagerduty.incidents if page.open]

    def pair_mutes(self, alert: str) -> Callable[[], Awaitable[bool]]:
        """Return a question: do both Alertmanagers show the alert as silenced?"""

        async def asked() -> bool:
            pair = [Alertmanager(part.url, Path()) for part in self.parts.alertmanagers]
            shown = [found for one in pair for found in await one.alerts()]
            named = [found for found in shown if found["labels"]["alertname"] == alert]  # type: ignore[index]
            return [found["status"]["state"] for found in named] == ["suppressed"] * 2  # type: ignore[index]

        return asked

    def ended_at_prometheus(self, alert: str) -> Callable[[], Awaitable[bool]]:
        """Return a question: does the alert no longer fire where it comes from?"""

        async def asked() -> bool:
            return not await self.prometheus.query(f'ALERTS{{alertname="{alert}"}}')

        return asked

    async def until(self, step: str, condition: Callable[[], object], patience: float = PATIENCE) -> None:
        """Wait for a step of the story; the time that it took is kept, and said where it does not come."""
        began = time.monotonic()
        try:
            await until(condition, patience)
        except AssertionError as error:
            raise AssertionError(f"{step}: not within {patience:g} s; {self.seen()}") from error
        self.steps.append(f"{time.monotonic() - began:6.1f} s  {step}")

    def seen(self) -> str:
        pages = [(page.title, page.status) for page in self.pagerduty.incidents]
        messages = [message.text or message.content.attachments for message in self.slack.messages("alerts")]
        return f"pages {pages}, messages {messages}"


def _over(title: str) -> bool:
    return "Resolved" in title or title.startswith("✅")


@asynccontextmanager
async def whole_stack(folder: Path, age: str) -> AsyncIterator[WholeStack]:
    """Run the stack of an age `SPEED` times faster than life, with users that ask the evaluation service."""
    found, files = (stack_of("older"), OLDER) if age == "older" else newest_that_was_fetched()
    async with AsyncExitStack() as running:
        slack = await running.enter_async_context(SlackSandbox.start(channels=["alerts"]))
        pagerduty = await running.enter_async_context(PagerDutySandbox.start())
        ports = Ports(free_port(), free_port(), (free_port(), free_port()), (free_port(), free_port()))
        store = running.enter_context(redis_server("valkey"))
        urls = [f"http://127.0.0.1:{port}" for port in ports.alertmanagers]
        variables = {TOKEN: SECRET, **dict(zip(ALERTMANAGERS, urls, strict=True))}
        rules = gateway_rules(SPEED)
        first, second = (
            GatewayProcess(folder / f"gateway-{number}", slack, pagerduty, store, rules, variables)
            for number in range(2)
        )
        for gateway in (first, second):
            running.callback(gateway.kill)
            gateway.start()
        for gateway in (first, second):
            await gateway.ready()
        layout = Layout(
            programs=Programs(found.prometheus, found.alertmanager),
            files=files,
            ports=ports,
            gateways=tuple(gateway.url.partition("//")[2] for gateway in (first, second)),
            slack_webhook=slack.incoming_webhook_url,
            token=SECRET,
            speed=SPEED,
            folder=folder,
        )
        parts = await running.enter_async_context(running_stack(layout))
        ask_all_the_time(running, parts.evaluation.url)
        yield WholeStack(parts, (first, second), slack, pagerduty, files, [releases_of(found)])
