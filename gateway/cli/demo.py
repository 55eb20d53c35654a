"""The demo: the gateway on its embedded store, a local Slack and PagerDuty, and a storm played faster than life."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

from gateway.app import Gateway, running
from gateway.clock import utc_now
from gateway.config.environment import Environment
from gateway.model.lanes import Pace
from gateway.sandbox import MailSandbox, PagerDutySandbox, SlackSandbox
from gateway.sandbox.server import LocalServer
from gateway.sandbox.slack import DEFAULT_TOKEN
from gateway.sandbox.storm import LENGTH, Webhook, storm
from gateway.telemetry.logging import configure_logging

PORTS = (9096, 9097, 9098, 9099)
CHANNEL = "alerts"
ROUTING_KEY = "demo0000000000000000000000000000"
SETTLING = 60.0  # seconds in which everything must have been told
PACES = {
    "slack": Pace(50, 10),
    "pagerduty": Pace(20, 20),
    "email": Pace(20, 20),
}  # the local vendors take more than the real ones

V = TypeVar("V", SlackSandbox, PagerDutySandbox, MailSandbox)
Echo = Callable[[str], None]

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
  - {{name: shop-outage, match: ['namespace="shop"', 'service=~"payments|checkout|frontend"'], by: [cluster, namespace], window: {window}ms}}
"""


@dataclass(slots=True)
class Played:
    """What went in."""

    webhooks: int = 0
    alerts: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Scene:
    gateway: Gateway
    slack: SlackSandbox
    pagerduty: PagerDutySandbox
    mail: MailSandbox
    url: str
    folder: Path


async def run_demo(echo: Echo, *, then_exit: bool, speed: float) -> bool:
    """Plays the storm; without `then_exit` the pages stay open until Ctrl-C. False where something was left open or off."""
    with tempfile.TemporaryDirectory(prefix="gateway-demo-") as name:
        async with _scene(Path(name), speed) as scene:
            echo("The alert gateway, with a local Slack, PagerDuty and mail server. No account, nothing leaves this machine.\n")
            echo(f"  Slack      {scene.slack.page_url}")
            echo(f"  PagerDuty  {scene.pagerduty.page_url}")
            echo(f"  Mail       {scene.mail.page_url}")
            echo(f"  Gateway    {scene.url}/api/v1/incidents   {scene.url}/metrics")
            echo(f"  Its log    {scene.folder / 'gateway.log'}\n")
            echo(
                f"A storm of {LENGTH // 60} minutes, {speed:g} times faster than life: a database goes down, three services with it,"
            )
            echo("a disk flaps, twelve workers run out of memory. Two Prometheus replicas report everything, two Alertmanagers")
            echo("send everything, groups are sent whole and repeated.\n")
            played = await _play(storm(utc_now(), speed), scene.url, speed, echo)
            await _settle(scene)
            echo("")
            for line in _story(scene):
                echo(line)
            summary, clean = await _summary(scene, played), await _left(scene) == (0, 0)
            if not then_exit:
                echo("\nThe pages stay open; Ctrl-C ends the demo.\n")
            echo(summary)
            if not then_exit:
                await asyncio.Event().wait()
            return clean


@asynccontextmanager
async def _scene(folder: Path, speed: float) -> AsyncIterator[Scene]:
    with (folder / "gateway.log").open("w", encoding="utf-8") as logfile:
        configure_logging("json", "info", [], logfile)
        async with (
            _started(SlackSandbox, PORTS[1]) as slack,
            _started(PagerDutySandbox, PORTS[2]) as pagerduty,
            _started(MailSandbox, PORTS[3]) as mail,
            running(_environment(folder, slack, pagerduty, mail, speed), PACES) as gateway,
            _listening(gateway) as url,
        ):
            yield Scene(gateway, slack, pagerduty, mail, url, folder)


@asynccontextmanager
async def _started(kind: type[V], port: int) -> AsyncIterator[V]:
    """On its usual port, or where that is taken on a free one."""
    try:
        starting = kind.start(port)
        vendor = await starting.__aenter__()
    except OSError:
        starting = kind.start(0)
        vendor = await starting.__aenter__()
    try:
        yield vendor
    finally:
        await starting.__aexit__(None, None, None)


@asynccontextmanager
async def _listening(gateway: Gateway) -> AsyncIterator[str]:
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
    folder: Path, slack: SlackSandbox, pagerduty: PagerDutySandbox, mail: MailSandbox, speed: float
) -> Environment:
    rules = folder / "rules.yaml"
    waits = {"group_wait": 10_000, "update_interval": 30_000, "resolve_after": 60_000, "window": 600_000}
    rules.write_text(RULES.format(channel=CHANNEL, **{name: round(ms / speed) for name, ms in waits.items()}), "utf-8")
    return Environment(
        {
            "GATEWAY_RULES": str(rules),
            "GATEWAY_DATA_DIR": str(folder / "store"),
            "SLACK_BOT_TOKEN": DEFAULT_TOKEN,
            "SLACK_API_URL": slack.url,
            "PAGERDUTY_ROUTING_KEY": ROUTING_KEY,
            "PAGERDUTY_EVENTS_URL": pagerduty.events_url,
            "GATEWAY_SMTP_URL": mail.smtp_url,
        }
    )


async def _play(webhooks: list[Webhook], url: str, speed: float, echo: Echo) -> Played:
    """Over HTTP, as Alertmanager would: what is answered 5xx is sent again."""
    played = Played()
    loop = asyncio.get_running_loop()
    started, said = loop.time(), 0
    async with httpx.AsyncClient(timeout=10, trust_env=False) as client:
        for webhook in webhooks:
            await asyncio.sleep(max(0.0, started + webhook.at / speed - loop.time()))
            answer = await client.post(f"{url}/webhooks/alertmanager", json=webhook.body)
            while answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
                played.refused += 1
                await asyncio.sleep(0.2)
                answer = await client.post(f"{url}/webhooks/alertmanager", json=webhook.body)
            played.webhooks += 1
            played.alerts += len(webhook.body["alerts"])  # type: ignore[arg-type]
            if webhook.at >= said:
                echo(f"  {said // 60:2d} min  {played.webhooks:4d} webhooks, {played.alerts:5d} alerts in")
                said += 180
    return played


async def _settle(scene: Scene) -> None:
    """Until everything that was told is told to be over."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + SETTLING
    while loop.time() < deadline:
        open_pages = [one for one in scene.pagerduty.incidents if one.open]
        counted = await scene.gateway.shards.counters()
        waiting = sum(counted.get(f"standing:{name}", 0) for name in ("due", "held", "ends_due", "telling_firing"))
        if not open_pages and not waiting and not counted.get("open:counted", 0):
            return
        await asyncio.sleep(0.2)


def _story(scene: Scene) -> list[str]:
    """What a person saw."""
    lines = [f"What people saw in #{CHANNEL}:"]
    for message in scene.slack.messages(CHANNEL):
        if not message.deleted and message.thread_ts is None:
            lines.append(f"  {message.text.splitlines()[0][:100]}")
            lines.append(f"      edited {message.edits} times, {len(message.live_replies)} replies in its thread")
    lines.append("Who was woken:")
    lines += [f"  {one.title[:100]}  ({one.status})" for one in scene.pagerduty.incidents] or ["  nobody"]
    threads = len(scene.mail.mailbox.threads)
    return [*lines, f"Who reads mail got {len(scene.mail.received)} mails in {threads} threads."]


async def _left(scene: Scene) -> tuple[int, int]:
    """How many pages are open still, and by how much the books are off."""
    await scene.gateway.auditor.look()
    imbalances = sum(abs(one) for one in scene.gateway.auditor.imbalances.values())
    return sum(one.open for one in scene.pagerduty.incidents), imbalances


async def _summary(scene: Scene, played: Played) -> str:
    left, imbalances = await _left(scene)
    messages = [one for one in scene.slack.messages(CHANNEL) if one.thread_ts is None and not one.deleted]
    return (
        f"demo: {played.webhooks} webhooks with {played.alerts} alerts in, {len(messages)} messages and"
        f" {len(scene.pagerduty.incidents)} pages out; {left} pages left open, books off by {imbalances}"
    )
