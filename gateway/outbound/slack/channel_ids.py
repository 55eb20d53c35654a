"""Find the ids of channels that rules call by a name: Slack posts by either, and reads and edits by id alone."""

from __future__ import annotations

import re

from gateway.model.notification import Answer, Delivered, Refused
from gateway.outbound.slack.client import Access, NotOk, SlackCalls

NAMES_KEPT = 10_000
NOT_THERE = "channel_not_found"
GONE = frozenset({NOT_THERE, "is_archived"})
# Names are lower case: https://docs.slack.dev/reference/methods/conversations.create#naming
_CHANNEL_ID = re.compile(r"[CDG][A-Z0-9]+")
_USER_ID = re.compile(r"[UW][A-Z0-9]+")


def is_channel_id(address: str) -> bool:
    return _CHANNEL_ID.fullmatch(address) is not None


def is_user_id(address: str) -> bool:
    return _USER_ID.fullmatch(address) is not None


class ChannelIds:
    """The ids of channels by token and address, as far as they were looked up or posted to."""

    def __init__(self, calls: SlackCalls) -> None:
        self._calls = calls
        self._ids: dict[tuple[str, str], str] = {}

    async def find(self, access: Access, address: str) -> str | None:
        """Return the id of a channel: `#name` and `name` are looked up, a user's is that of the conversation.

        Raises `NotOk`.
        """
        if is_channel_id(address):
            return address
        known = self._ids.get((access.token, address))
        if known is not None and (is_user_id(address) or await self._is_still(access, known, address)):
            return known
        found = await self._look_up(access, address)
        # Not remembered: the channel may be made, or the bot be invited, at any moment.
        if found is not None:
            self._keep(access, address, found)
        return found

    def learn(self, access: Access, address: str, answer: Answer) -> None:
        """Remember the id that the answer to a post names."""
        if isinstance(answer, Delivered) and answer.message_ref.channel:
            self._keep(access, address, answer.message_ref.channel)
        # The channel may have gone, and its name may stand for another one by now: ask for it anew.
        elif isinstance(answer, Refused) and answer.permanent:
            self.forget(access, address)

    def forget(self, access: Access, address: str) -> None:
        self._ids.pop((access.token, address), None)

    async def healed(self, access: Access, answer: Answer, address: str, channel: str) -> Answer:
        """Let a message be posted anew whose channel moved to another workspace, or was made anew: its name
        leads to another one by now.

        A bot that was put out of a private channel does not see it either, and finds its
        message when it is back.
        """
        if not isinstance(answer, Refused) or answer.detail not in GONE or is_channel_id(address):
            return answer
        try:
            found = await self._look_up(access, address)
        except NotOk:
            # Nobody can tell: the message is taken to stand where it is.
            return answer
        if found is None or found == channel:
            return answer
        return Refused("gone", answer.detail, gone=True, left_out=answer.left_out)

    async def _look_up(self, access: Access, address: str) -> str | None:
        if is_user_id(address):
            opened = await self._calls.call("conversations.open", access, json={"users": address})
            return str((opened.get("channel") or {}).get("id") or "") or None
        found = await self._calls.find_channel(address.removeprefix("#"), access)
        return str(found["id"]) if found is not None else None

    async def _is_still(self, access: Access, known: str, address: str) -> bool:
        """Return whether a channel has its name still: it may have been renamed, and another made under its
        name.
        """
        try:
            channel = await self._calls.channel(known, access)
        except NotOk as trouble:
            if trouble.answer.detail == NOT_THERE:
                return False
            raise
        return channel.get("name") == address.removeprefix("#")

    def _keep(self, access: Access, address: str, channel: str) -> None:
        if len(self._ids) >= NAMES_KEPT:
            # Labels may make up names without end; a name that is dropped costs one look-up more.
            self._ids.clear()
        self._ids[access.token, address] = channel
