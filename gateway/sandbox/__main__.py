"""Both vendors as a process of their own: `python -m gateway.sandbox`; they live on when the gateway is killed."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping

import click
import msgspec

from gateway.sandbox import Pace, PagerDutySandbox, SlackSandbox
from gateway.sandbox.slack import DEFAULT_CHANNELS, TIERS


@click.command()
@click.option("--slack-port", default=0, show_default="a free one")
@click.option("--pagerduty-port", default=0, show_default="a free one")
@click.option(
    "--channel", "channels", multiple=True, default=DEFAULT_CHANNELS, show_default=True, help="A Slack channel; repeat."
)
@click.option(
    "--service", "services", multiple=True, metavar="ROUTING_KEY=NAME", help="A PagerDuty service; none takes any key."
)
@click.option("--seed", default=0, help="Of the throws that faults with a probability make.")
def main(slack_port: int, pagerduty_port: int, channels: tuple[str, ...], services: tuple[str, ...], seed: int) -> None:
    """Serve a local Slack and a local PagerDuty until stopped; the first line of output is their addresses as JSON."""
    try:
        asyncio.run(_serve(slack_port, pagerduty_port, channels, _services(services), seed))
    except OSError as error:
        raise click.ClickException(f"cannot listen: {error}; choose other ports") from error


def _services(given: tuple[str, ...]) -> Mapping[str, str] | None:
    pairs = [one.partition("=") for one in given]
    if not all(key and name for key, _, name in pairs):
        raise click.BadParameter("write it as ROUTING_KEY=NAME", param_hint="--service")
    return {key: name for key, _, name in pairs} or None


async def _serve(
    slack_port: int, pagerduty_port: int, channels: tuple[str, ...], services: Mapping[str, str] | None, seed: int
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with (
        SlackSandbox.start(slack_port, channels=channels, seed=seed, pace=Pace(), tiers=TIERS) as slack,
        PagerDutySandbox.start(pagerduty_port, services=services, seed=seed) as pagerduty,
    ):
        addresses = {
            "slack_api_url": slack.url,
            "slack_page": slack.page_url,
            "pagerduty_events_url": pagerduty.events_url,
            "pagerduty_api_url": pagerduty.api_url,
            "pagerduty_page": pagerduty.page_url,
        }
        click.echo(msgspec.json.encode(addresses).decode())
        await stop.wait()


if __name__ == "__main__":
    main()
