"""What `gateway doctor` finds out about the channels of a destination. Nothing is posted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.outbound.kind import Mark
from gateway.outbound.slack.channel_ids import is_channel_id, is_user_id
from gateway.outbound.slack.client import Access, NotOk, SlackCalls
from gateway.outbound.slack.destination import REMEDIES, SLACK

Said = tuple[Mark, str]


async def check_channels(
    calls: SlackCalls, access: Access, addresses: Sequence[str], credential: str
) -> list[Said]:
    """Look at each channel. `credential` is the variable that holds the token."""
    return [await _check(calls, access, address, credential) for address in addresses]


async def _check(calls: SlackCalls, access: Access, address: str, credential: str) -> Said:
    if is_user_id(address):
        return Mark.GOOD, f"{address} is a user, who is written to by the app"
    try:
        if is_channel_id(address):
            channel: Mapping[str, Any] | None = await calls.channel(address, access)
        else:
            channel = await calls.find_channel(address.removeprefix("#"), access)
    except NotOk as trouble:
        return Mark.BAD, f"{address}: {SLACK.trouble(trouble.answer, credential)}"
    if channel is None:
        return Mark.BAD, f"{address}: channel_not_found; {REMEDIES['channel_not_found']}"
    if not channel:
        return Mark.WORRY, f"{address}: Slack says nothing of it"
    return _judged(address, channel)


def _judged(address: str, channel: Mapping[str, Any]) -> Said:
    if channel.get("is_archived"):
        return Mark.BAD, f"{address}: is_archived; {REMEDIES['is_archived']}"
    # Slack leaves it out of what is said of a conversation that has no members to be invited.
    if channel.get("is_member") is False:
        return Mark.BAD, f"{address}: not_in_channel; {REMEDIES['not_in_channel']}"
    return Mark.GOOD, f"the bot is in {address}"
