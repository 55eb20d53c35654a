"""Remember the ids of channels that rules call by their #name."""

from __future__ import annotations

from gateway.model.notification import Answer, Delivered, Refused
from gateway.outbound.slack.client import Access, SlackCalls

NAMES_KEPT = 10_000


class ChannelIds:
    """The ids of channels by token and address, as far as they were looked up or posted to."""

    def __init__(self, calls: SlackCalls) -> None:
        self._calls = calls
        self._ids: dict[tuple[str, str], str] = {}

    def known(self, access: Access, address: str) -> str:
        """Return the id if it is known, else the address itself, which Slack takes for a post too."""
        return self._ids.get((access.token, address), address)

    async def find(self, access: Access, address: str) -> str | None:
        """Return the id of a channel; a #name is looked up in the workspace's list once, and remembered."""
        if not address.startswith("#"):
            return address
        if (access.token, address) not in self._ids:
            found = await self._calls.find_channel(address.removeprefix("#"), access)
            # Not remembered: the channel may be made, or the bot be invited, at any moment.
            if found is None:
                return None
            self._keep(access, address, found)
        return self._ids[access.token, address]

    def learn(self, access: Access, address: str, answer: Answer) -> None:
        """Remember the id that the answer to a post names; it stays right when the channel is renamed."""
        if isinstance(answer, Delivered) and answer.message_ref.channel:
            self._keep(access, address, answer.message_ref.channel)
        # The channel may have gone, and its name may stand for another one by now: ask for it anew.
        elif isinstance(answer, Refused) and answer.permanent:
            self.forget(access, address)

    def forget(self, access: Access, address: str) -> None:
        self._ids.pop((access.token, address), None)

    def _keep(self, access: Access, address: str, channel: str) -> None:
        if len(self._ids) >= NAMES_KEPT:
            # Labels may make up names without end; a name that is dropped costs one look-up more.
            self._ids.clear()
        self._ids[access.token, address] = channel
