"""All vendors as a process of their own: `python -m gateway.sandbox`; they live on when the gateway is
killed.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import click
import msgspec

from gateway.sandbox import MailSandbox, PagerDutySandbox, RateLimit, SlackSandbox, WebhookSandbox
from gateway.sandbox.slack import DEFAULT_CHANNELS, TIERS


@click.command()
@click.option("--slack-port", default=0, show_default="a free one")
@click.option("--pagerduty-port", default=0, show_default="a free one")
@click.option("--webhook-port", default=0, show_default="a free one")
@click.option("--mail-port", default=0, show_default="a free one", help="The page that shows the mails.")
@click.option("--smtp-port", default=0, show_default="a free one")
@click.option(
    "--webhook-token",
    default="",
    help="What the receiver of webhooks wants to be shown; none lets everybody in.",
)
@click.option("--webhook-secret", default="", help="The key that it wants signatures of, whsec_<base64>.")
@click.option(
    "--channel",
    "channels",
    multiple=True,
    default=DEFAULT_CHANNELS,
    show_default=True,
    help="A Slack channel; repeat.",
)
@click.option(
    "--service",
    "services",
    multiple=True,
    metavar="ROUTING_KEY=NAME",
    help="A PagerDuty service; none takes any key.",
)
@click.option(
    "--app-url",
    default="",
    help="The gateway's address: what is done on Slack's and PagerDuty's pages goes there.",
)
@click.option("--seed", default=0, help="Of the throws that faults with a probability make.")
def main(
    slack_port: int,
    pagerduty_port: int,
    channels: tuple[str, ...],
    services: tuple[str, ...],
    seed: int,
    **more: Any,
) -> None:
    """Serve a local Slack, PagerDuty, receiver of webhooks and mail server until stopped.

    The first line of output is their addresses as JSON.
    """
    webhook = WebhookSandbox.start(
        more["webhook_port"], token=more["webhook_token"], secret=more["webhook_secret"], seed=seed
    )
    mail = MailSandbox.start(more["mail_port"], smtp_port=more["smtp_port"], seed=seed)
    slack = SlackSandbox.start(slack_port, channels=channels, seed=seed, pace=RateLimit(), tiers=TIERS)
    pagerduty = PagerDutySandbox.start(pagerduty_port, services=_services(services), seed=seed)
    try:
        asyncio.run(_serve(slack, pagerduty, webhook, mail, more["app_url"].rstrip("/")))
    except OSError as error:
        raise click.ClickException(f"cannot listen: {error}; choose other ports") from error


def _services(given: tuple[str, ...]) -> Mapping[str, str] | None:
    pairs = [pair.partition("=") for pair in given]
    if not all(key and name for key, _, name in pairs):
        raise click.BadParameter("write it as ROUTING_KEY=NAME", param_hint="--service")
    return {key: name for key, _, name in pairs} or None


async def _serve(
    starting_slack: AbstractAsyncContextManager[SlackSandbox],
    starting_pagerduty: AbstractAsyncContextManager[PagerDutySandbox],
    starting_webhook: AbstractAsyncContextManager[WebhookSandbox],
    starting_mail: AbstractAsyncContextManager[MailSandbox],
    app_url: str,
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with (
        starting_slack as slack,
        starting_pagerduty as pagerduty,
        starting_webhook as webhook,
        starting_mail as mail,
    ):
        slack.app.url = app_url
        if app_url:
            pagerduty.webhooks.subscribe(app_url)
        addresses = {
            "slack_api_url": slack.url,
            "slack_page": slack.page_url,
            "pagerduty_events_url": pagerduty.events_url,
            "pagerduty_api_url": pagerduty.api_url,
            "pagerduty_page": pagerduty.page_url,
            "webhook_url": webhook.url,
            "webhook_page": webhook.page_url,
            "smtp_url": mail.smtp_url,
            "mail_page": mail.page_url,
        }
        click.echo(msgspec.json.encode(addresses).decode())
        await stop.wait()


if __name__ == "__main__":
    main()
