"""The parts of a demo: local vendors, and a gateway whose rules wait as briefly as the demo lasts."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from gateway.app import Gateway, running
from gateway.config.environment import Environment
from gateway.model.lanes import Pace
from gateway.sandbox import MailSandbox, PagerDutySandbox, SlackSandbox
from gateway.sandbox.pagerduty.subscriptions import DEFAULT_SECRET as PAGERDUTY_SECRET
from gateway.sandbox.server import LocalServer
from gateway.sandbox.slack import DEFAULT_TOKEN
from gateway.sandbox.slack.app import DEFAULT_SECRET
from gateway.telemetry.logging import configure_logging

PORTS = (9096, 9097, 9098, 9099)  # of the gateway, Slack, PagerDuty and mail, each unless it is taken
CHANNEL = "alerts"
MAX_LINE_LENGTH = 100
ROUTING_KEY = "demo0000000000000000000000000000"
PACES = {  # the local vendors take more than the real ones
    "slack": Pace(50, 10),
    "pagerduty": Pace(20, 20),
    "email": Pace(20, 20),
}

V = TypeVar("V", SlackSandbox, PagerDutySandbox, MailSandbox)

RULES = """# The demo's rules: the starter set with every wait shortened as much as the storm is.
labels:
  service: [service, app, job]
destinations:
  chat:  {{slack: {{channel: "#{channel}", mention_on_page: ["@here"]}}}}
  pager: {{pagerduty: {{routing_key: {{env: PAGERDUTY_ROUTING_KEY}}}}, fallback: [chat]}}
  mail:  {{email: {{to: [on-call@shop.example], from: alerts@shop.example}}}}
routes:
  - name: everything
    notify: [chat, mail]
    page: [pager]
    page_when: {{any: [{{severity: critical}}]}}
    group_wait: {group_wait}ms
    update_interval: {update_interval}ms
    resolve_after: {resolve_after}ms
correlate:
  - name: shop-outage
    match: ['namespace="shop"', 'service=~"payments|checkout|frontend"']
    by: [cluster, namespace]
    window: {window}ms
"""
WAITS_MS = {
    "group_wait": 10_000,
    "update_interval": 30_000,
    "resolve_after": 60_000,
    "window": 600_000,
}  # in life


@dataclass(frozen=True, slots=True)
class Scene:
    """A running demo: the gateway at `url`, the local vendors, and the folder of its log, rules and store."""

    gateway: Gateway
    slack: SlackSandbox
    pagerduty: PagerDutySandbox
    mail: MailSandbox
    url: str
    folder: Path

    async def left(self) -> tuple[int, int]:
        """Return how many pages are still open, and the sum of all imbalances of the counts."""
        await self.gateway.auditor.look()
        imbalances = sum(abs(imbalance) for imbalance in self.gateway.auditor.imbalances.values())
        return sum(page.open for page in self.pagerduty.incidents), imbalances


def short(line: str) -> str:
    """Cut a line to what a terminal shows of it."""
    return line if len(line) <= MAX_LINE_LENGTH else f"{line[: MAX_LINE_LENGTH - 1]}…"


def storm_rules(speed: float) -> str:
    """Return the rules of a demo whose storm is played `speed` times faster than life."""
    waits = {name: round(wait / speed) for name, wait in WAITS_MS.items()}
    return RULES.format(channel=CHANNEL, **waits)


@asynccontextmanager
async def running_scene(
    folder: Path, rules: str, variables: Mapping[str, str] | None = None
) -> AsyncIterator[Scene]:
    """Run a gateway with these rules and the local vendors. `variables` are more settings than the usual."""
    # The log goes to a file, so that the terminal shows only what people would have seen of the storm.
    with (folder / "gateway.log").open("w", encoding="utf-8") as logfile:
        configure_logging("json", "info", [], logfile)
        async with (
            _started(SlackSandbox, PORTS[1]) as slack,
            _started(PagerDutySandbox, PORTS[2]) as pagerduty,
            _started(MailSandbox, PORTS[3]) as mail,
            running(_environment(folder, slack, pagerduty, mail, rules, variables), PACES) as gateway,
            _listening(gateway) as url,
        ):
            # What people do there comes here.
            slack.app.url = url
            pagerduty.webhooks.subscribe(url)
            yield Scene(gateway, slack, pagerduty, mail, url, folder)


@asynccontextmanager
async def _started(kind: type[V], port: int) -> AsyncIterator[V]:
    """Run a local vendor on `port`, or on a free port if that one is taken."""
    try:
        starting = kind.start(port)
        vendor = await starting.__aenter__()
    except OSError:  # a second demo, or a real gateway, has the port: watching must still work
        starting = kind.start(0)
        vendor = await starting.__aenter__()
    try:
        yield vendor
    finally:
        await starting.__aexit__(None, None, None)


@asynccontextmanager
async def _listening(gateway: Gateway) -> AsyncIterator[str]:
    """Serve the gateway on its usual port, or on a free one if that is taken; yield its address."""
    server = LocalServer()
    try:
        running_server = server.running(gateway.asgi_app, PORTS[0])
        await running_server.__aenter__()
    except OSError:
        server = LocalServer()
        running_server = server.running(gateway.asgi_app, 0)
        await running_server.__aenter__()
    try:
        yield server.url
    finally:
        await running_server.__aexit__(None, None, None)


def _environment(
    folder: Path,
    slack: SlackSandbox,
    pagerduty: PagerDutySandbox,
    mail: MailSandbox,
    rules: str,
    variables: Mapping[str, str] | None,
) -> Environment:
    (folder / "rules.yaml").write_text(rules, "utf-8")
    return Environment(
        {
            "GATEWAY_RULES": str(folder / "rules.yaml"),
            "GATEWAY_DATA_DIR": str(folder / "store"),
            "SLACK_BOT_TOKEN": DEFAULT_TOKEN,
            "SLACK_API_URL": slack.url,
            "SLACK_SIGNING_SECRET": DEFAULT_SECRET,
            "PAGERDUTY_ROUTING_KEY": ROUTING_KEY,
            "PAGERDUTY_EVENTS_URL": pagerduty.events_url,
            "PAGERDUTY_WEBHOOK_SECRET": PAGERDUTY_SECRET,
            "GATEWAY_SMTP_URL": mail.smtp_url,
            **(variables or {}),
        }
    )
