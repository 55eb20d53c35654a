"""`gateway demo`: the gateway on its embedded store, local vendors, and a storm played faster than life."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import click
import httpx

from gateway.cli.demo_people import answered_by_people
from gateway.cli.demo_scene import CHANNEL, Scene, running_scene, short, storm_rules
from gateway.cli.demo_stack import run_stack_demo
from gateway.cli.event_loop import run_until_stopped
from gateway.cli.exit_codes import FINDINGS
from gateway.cli.options import examples
from gateway.cli.output import say
from gateway.clock import utc_now
from gateway.model.counted import counted
from gateway.sandbox.storm import LENGTH, Webhook, storm

SETTLE_SECONDS = 60.0  # in which everything must have been told, ends included
POLL_SECONDS = 0.2
RETRY_SECONDS = 0.2
REQUEST_TIMEOUT_SECONDS = 10.0
PROGRESS_EVERY_SECONDS = 180  # a line of progress after so many seconds of the recorded storm
WAITING_STATUSES = ("due", "held", "ends_due", "telling_firing")

Echo = Callable[[str], None]


@dataclass(slots=True)
class Played:
    """How many webhooks and alerts were sent, and how many answers said to come again."""

    webhooks: int = 0
    alerts: int = 0
    refused: int = 0


@click.command(epilog=examples("gateway demo", "gateway demo --speed 60 --exit", "gateway demo --stack"))
@click.option(
    "--exit",
    "then_exit",
    is_flag=True,
    help="end after the scenario, with a summary as the last line",
)
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    default=20.0,
    show_default=True,
    help="how much faster than life the storm is played, and the stack runs",
)
@click.option(
    "--stack",
    is_flag=True,
    help="in place of the storm: Prometheus, a pair of Alertmanagers and a service to break by its switches",
)
def demo(*, then_exit: bool, speed: float, stack: bool) -> None:
    """The gateway with a local Slack and PagerDuty, and a recorded storm to watch. No account needed."""
    run = run_stack_demo if stack else run_demo
    try:
        clean = run_until_stopped(run(say, then_exit=then_exit, speed=speed))
    except KeyboardInterrupt:
        # Whoever waits for the summary has not got it; anybody else has seen enough.
        if then_exit:
            raise
        say("\nThe demo has ended, and so has everything that it started.")
        return
    if not clean:
        sys.exit(FINDINGS)


async def run_demo(echo: Echo, *, then_exit: bool, speed: float) -> bool:
    """Play the storm `speed` times faster than life and print what people saw of it.

    The pages stay open until Ctrl-C unless `then_exit`. Return False if a page of the storm was left open,
    the counts do not balance, or what people pressed afterwards did not come about.
    """
    with tempfile.TemporaryDirectory(prefix="gateway-demo-") as name:
        async with running_scene(Path(name), storm_rules(speed)) as scene:
            for line in _introduction(scene, speed):
                echo(line)
            played = await _play(storm(utc_now(), speed), scene.url, speed, echo)
            await _settle(scene)
            echo("")
            for line in _story(scene):
                echo(line)
            summary, clean = await _summary(scene, played), await scene.left() == (0, 0)
            answered = await answered_by_people(scene, echo, utc_now())
            if not then_exit:
                echo(
                    "The pages stay open, and the buttons of Slack's and PagerDuty's work; Ctrl-C ends the demo.\n"
                )
            echo(summary)
            if not then_exit:
                await asyncio.Event().wait()
            return clean and answered


def _introduction(scene: Scene, speed: float) -> list[str]:
    return [
        (
            "The alert gateway, with a local Slack, PagerDuty and mail server."
            " No account, nothing leaves this machine.\n"
        ),
        f"  Slack      {scene.slack.page_url}",
        f"  PagerDuty  {scene.pagerduty.page_url}",
        f"  Mail       {scene.mail.page_url}",
        f"  Gateway    {scene.url}/api/v1/incidents   {scene.url}/metrics",
        f"  Its log    {scene.folder / 'gateway.log'} (until the demo ends)\n",
        f"A storm of {LENGTH // 60} minutes, {speed:g} times faster than life: a database goes down, three services with it,",
        "a disk flaps, twelve workers run out of memory. Two Prometheus replicas report everything, two Alertmanagers",
        "send everything, groups are sent whole and repeated.\n",
    ]


async def _play(webhooks: list[Webhook], url: str, speed: float, echo: Echo) -> Played:
    """Post the storm's webhooks when they are due, and again what was answered 5xx, as Alertmanager would."""
    played = Played()
    loop = asyncio.get_running_loop()
    started, next_progress = loop.time(), 0
    async with httpx.AsyncClient(timeout=REQUEST_TIMEOUT_SECONDS, trust_env=False) as client:
        for webhook in webhooks:
            await asyncio.sleep(max(0.0, started + webhook.at / speed - loop.time()))
            answer = await client.post(f"{url}/webhooks/alertmanager", json=webhook.body)
            # An answer of 5xx lost nothing: whoever is on call hears of these alerts a moment later.
            while answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
                played.refused += 1
                await asyncio.sleep(RETRY_SECONDS)
                answer = await client.post(f"{url}/webhooks/alertmanager", json=webhook.body)
            played.webhooks += 1
            played.alerts += len(webhook.body["alerts"])  # type: ignore[arg-type]
            if webhook.at >= next_progress:
                minute = next_progress // 60
                echo(f"  {minute:2d} min  {played.webhooks:4d} webhooks, {played.alerts:5d} alerts in")
                next_progress += PROGRESS_EVERY_SECONDS
    return played


async def _settle(scene: Scene) -> None:
    """Wait until the end of everything that was told is told too, `SETTLE_SECONDS` at most."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + SETTLE_SECONDS
    while loop.time() < deadline:
        open_pages = [page for page in scene.pagerduty.incidents if page.open]
        counts = await scene.gateway.shards.counters()
        waiting = sum(counts.get(f"standing:{name}", 0) for name in WAITING_STATUSES)
        # Nobody is paged still, and no reader of the channel waits for a message or for its end.
        if not open_pages and not waiting and not counts.get("open:counted", 0):
            return
        await asyncio.sleep(POLL_SECONDS)


def _story(scene: Scene) -> list[str]:
    """Return what people saw, line by line: the messages in the channel, and the pages."""
    lines = [f"What people saw in #{CHANNEL}:"]
    for message in scene.slack.messages(CHANNEL):
        if not message.deleted and message.thread_ts is None:
            lines.append(f"  {short(message.text.splitlines()[0])}")
            lines.append(
                f"      edited {message.edits} times, {len(message.live_replies)} replies in its thread",
            )
    lines.append("Who was woken:")
    pages = [f"  {short(page.title)}  ({page.status})" for page in scene.pagerduty.incidents]
    lines += pages or ["  nobody"]
    mails, threads = len(scene.mail.received), len(scene.mail.mailbox.threads)
    return [*lines, f"Who reads mail got {counted(mails, 'mail')} in {counted(threads, 'thread')}."]


async def _summary(scene: Scene, played: Played) -> str:
    left, imbalances = await scene.left()
    in_channel = [message for message in scene.slack.messages(CHANNEL) if message.thread_ts is None]
    messages = [message for message in in_channel if not message.deleted]
    return (
        f"demo: {played.webhooks} webhooks with {played.alerts} alerts in, {counted(len(messages), 'message')} and"
        f" {counted(len(scene.pagerduty.incidents), 'page')} out; {counted(left, 'page')} left open,"
        f" books off by {imbalances}"
    )
