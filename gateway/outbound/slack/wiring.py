"""How a Slack channel is reached and examined. Importing this module imports Slack's client."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.model.rules.destination import Destination
from gateway.outbound.kind import DestinationCheck, Mark, Wiring
from gateway.outbound.slack.client import SlackCalls
from gateway.outbound.slack.destination import SLACK
from gateway.outbound.slack.notifier import SlackNotifier

EXAMINE_SECONDS = 5.0


def make_notifier(wiring: Wiring) -> SlackNotifier:
    return SlackNotifier(wiring.address, proxy=wiring.proxy)


async def examine(destination: Destination, secrets: Mapping[str, str], wiring: Wiring) -> DestinationCheck:
    """Ask Slack whose token it is."""
    calls = SlackCalls(wiring.address, EXAMINE_SECONDS, wiring.proxy)
    try:
        who = await calls.who(secrets[destination.credential])
    finally:
        await calls.aclose()
    if isinstance(who, Mapping):
        return DestinationCheck(Mark.GOOD, f"Slack knows the token: {who.get('user')} in {who.get('team')}")
    return DestinationCheck(
        Mark.BAD, f"Slack does not take the token: {SLACK.trouble(who, destination.credential)}"
    )
