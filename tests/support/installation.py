"""An installation that the doctor and the test of a destination look at: rules, variables, local vendors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.config.environment import Environment
from gateway.diagnostics.destination_check import page_test
from gateway.diagnostics.diagnosis import Diagnosis, Mark
from gateway.diagnostics.doctor import examine_everything
from gateway.sandbox import PagerDutySandbox, SlackSandbox
from gateway.sandbox.server import LocalServer
from gateway.sandbox.slack import DEFAULT_TOKEN
from tests.support.processes import ROUTING_KEY
from tests.support.running_gateway import Running, Starter
from tests.support.servers import free_port

RULES = """destinations:
  chat:  {slack: {channel: "#alerts"}}
  team:  {slack: {channel: "#{team}-oncall", allow: [search, pay]}, fallback: [chat]}
  pager: {pagerduty: {routing_key: {env: PAGERDUTY_ROUTING_KEY}}}
routes:
  - {name: everything, notify: [chat, team], page: [pager]}
"""
WRONG_TOKEN = "xoxb-this-one-was-revoked"
WRONG_KEY = "f" * 32
CHANNELS = ("alerts", "search-oncall", "pay-oncall")
HOOK = """
destinations:
  chat:  {slack: {channel: "#alerts"}}
  audit: {webhook: {url: {env: AUDIT_URL}, token: {env: AUDIT_TOKEN}, secret: {env: AUDIT_SECRET}}}
routes: [{name: everything, notify: [chat, audit]}]
"""
HOOK_SECRETS = {"AUDIT_TOKEN": "a-token", "AUDIT_SECRET": "whsec_" + "a" * 40}
MAIL = """destinations:
  ops: {email: {to: [ops@example.org, dev@example.org], from: alerts@example.org}}
routes: [{name: everything, notify: [ops]}]
"""


@dataclass
class Patient:
    """An installation: its rules, its variables, and the vendors that it reaches."""

    folder: Path
    slack: SlackSandbox
    pagerduty: PagerDutySandbox
    more: dict[str, str] = field(default_factory=dict)
    rules: str = RULES

    def environment(self) -> Environment:
        (self.folder / "rules.yaml").write_text(self.rules, "utf-8")
        return Environment(
            {
                "GATEWAY_RULES": str(self.folder / "rules.yaml"),
                "GATEWAY_DATA_DIR": str(self.folder / "data"),
                "GATEWAY_URL": f"http://127.0.0.1:{free_port()}",
                "SLACK_BOT_TOKEN": DEFAULT_TOKEN,
                "SLACK_API_URL": self.slack.url,
                "PAGERDUTY_ROUTING_KEY": ROUTING_KEY,
                "PAGERDUTY_EVENTS_URL": self.pagerduty.events_url,
                **self.more,
            }
        )

    async def examined(self) -> list[Diagnosis]:
        return await examine_everything(self.environment())

    async def said(self, what: str) -> list[tuple[Mark, str]]:
        return [(one.mark, one.said) for one in await self.examined() if one.what == what]

    async def paged(self, destination: str) -> list[Diagnosis]:
        return await page_test(self.environment(), destination)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def vendors() -> AsyncIterator[tuple[SlackSandbox, PagerDutySandbox]]:
    """For all tests here: they take longer to stop than a test takes."""
    async with (
        SlackSandbox.start(channels=CHANNELS) as slack,
        PagerDutySandbox.start(services={ROUTING_KEY: "pay"}) as pagerduty,
    ):
        yield slack, pagerduty


@pytest.fixture
def patient(tmp_path: Path, vendors: tuple[SlackSandbox, PagerDutySandbox]) -> Patient:
    for one in vendors:
        one.reset()
        one.faults.clear()
    return Patient(tmp_path, *vendors)


@asynccontextmanager
async def running_beside(patient: Patient) -> AsyncIterator[Running]:
    """A gateway of the patient's, found by its GATEWAY_URL."""
    server = LocalServer()
    async with AsyncExitStack() as stack:
        app = await Starter(patient.folder, patient.slack, patient.pagerduty, stack).start()
        await stack.enter_async_context(server.running(app.gateway.asgi_app, 0))
        patient.more = {"GATEWAY_URL": server.url}
        yield app
