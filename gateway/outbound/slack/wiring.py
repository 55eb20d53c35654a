"""How a Slack channel is reached and examined. Importing this module imports Slack's client."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.model.notification import Refused
from gateway.model.rules.destination import Destination
from gateway.outbound.kind import DestinationCheck, Mark, Wiring
from gateway.outbound.slack.client import Access, SlackCalls
from gateway.outbound.slack.destination import SLACK
from gateway.outbound.slack.notifier import SlackNotifier

EXAMINE_SECONDS = 5.0


def make_notifier(wiring: Wiring) -> SlackNotifier:
    return SlackNotifier(wiring.address, network=wiring.network)


async def examine(destination: Destination, secrets: Mapping[str, str], wiring: Wiring) -> DestinationCheck:
    """Ask Slack whose token it is."""
    way = wiring.way(destination)
    if isinstance(way, Refused):
        return DestinationCheck(Mark.BAD, SLACK.trouble(way, destination.credential))
    calls = SlackCalls(EXAMINE_SECONDS, wiring.network)
    try:
        who = await calls.who(Access(secrets[destination.credential], way))
    finally:
        await calls.aclose()
    if isinstance(who, Mapping):
        return DestinationCheck(Mark.GOOD, f"Slack knows the token: {who.get('user')} in {who.get('team')}")
    return DestinationCheck(
        Mark.BAD, f"Slack does not take the token: {SLACK.trouble(who, destination.credential)}"
    )
