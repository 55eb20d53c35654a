"""How a Slack channel is reached and examined. Importing this module imports Slack's client."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.model.notification import Notification, Refused, Unanswered
from gateway.model.rules.destination import Destination
from gateway.outbound.kind import EXAMINE_SECONDS, DestinationCheck, Mark, Wiring
from gateway.outbound.slack import blocks
from gateway.outbound.slack.answers import LATER
from gateway.outbound.slack.channel_check import check_channels
from gateway.outbound.slack.client import Access, SlackCalls
from gateway.outbound.slack.destination import SLACK, SLACK_BOT_TOKEN
from gateway.outbound.slack.incoming_webhook import NO_WEB_API, is_incoming_webhook
from gateway.outbound.slack.mentions import Mentions
from gateway.outbound.slack.notifier import SlackNotifier

NAMES_SECONDS = 15.0  # a large workspace has many pages of names
UNKNOWN = (
    "name an id, or give the app the scopes usergroups:read, users:read, users:read.email;"
    " until then @here is called"
)


def make_notifier(wiring: Wiring) -> SlackNotifier:
    return SlackNotifier(
        wiring.address,
        network=wiring.network,
        buttons_for=lambda: SLACK_BOT_TOKEN.env if wiring.answered() else "",
    )


def render(notification: Notification) -> blocks.Rendered:
    return blocks.render(notification)


def _what_failed(answer: Refused | Unanswered) -> str:
    # Another person mends the network than the token, and a busy Slack mends itself.
    if answer.reason in ("rate_limited", "server_error", "strange_answer") or answer.detail in LATER:
        return "Slack does not say whose token it is"
    if answer.reason in ("auth", "refused", "invalid", "not_found"):
        return "Slack does not take the token"
    return "Slack was not reached"


async def examine(destination: Destination, secrets: Mapping[str, str], wiring: Wiring) -> DestinationCheck:
    """Ask Slack whose token it is, and whether the bot can write to each channel."""
    way = wiring.way(destination)
    if isinstance(way, Refused):
        return DestinationCheck(Mark.BAD, SLACK.trouble(way, destination.credential))
    if is_incoming_webhook(way.address):
        return DestinationCheck(Mark.BAD, f"its address does not work: {NO_WEB_API}")
    calls = SlackCalls(EXAMINE_SECONDS, wiring.network)
    access = Access(secrets[destination.credential], way)
    try:
        who = await calls.who(access)
        if not isinstance(who, Mapping):
            trouble = SLACK.trouble(who, destination.credential)
            return DestinationCheck(Mark.BAD, f"{_what_failed(who)}: {trouble}")
        addresses = destination.via.addresses or (destination.via.address,)
        found = await check_channels(calls, access, addresses, destination.credential)
        called = await Mentions(calls, NAMES_SECONDS).find(access, destination.via.mentions)
        found += [(Mark.BAD, f"the mention {name}: {why}; {UNKNOWN}") for name, why in called.unknown.items()]
    finally:
        await calls.aclose()
    worst = max((mark for mark, _ in found), key=[Mark.GOOD, Mark.WORRY, Mark.BAD].index)
    shown = [said for mark, said in found if mark is worst]
    return DestinationCheck(worst, f"Slack knows {who.get('user')} in {who.get('team')}; {'; '.join(shown)}")
