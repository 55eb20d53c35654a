"""Remember the ids of channels that rules call by their #name."""

from __future__ import annotations

from gateway.model.notification import Answer, Delivered, Refused
from gateway.outbound.slack.client import SlackCalls

NAMES_KEPT = 10_000


class ChannelIds:
    """The ids of channels by token and address, as far as they were looked up or posted to."""

    def __init__(self, calls: SlackCalls) -> None:
        self._calls = calls
        self._ids: dict[tuple[str, str], str] = {}

    def known(self, secret: str, address: str) -> str:
        """Return the id if it is known, else the address itself, which Slack takes for a post too."""
        return self._ids.get((secret, address), address)

    async def find(self, secret: str, address: str) -> str | None:
        """Return the id of a channel; a #name is looked up in the workspace's list once, and remembered."""
        if not address.startswith("#"):
            return address
        if (secret, address) not in self._ids:
            found = await self._calls.find_channel(address.removeprefix("#"), secret)
            # Not remembered: the channel may be made, or the bot be invited, at any moment.
            if found is None:
                return None
            self._keep(secret, address, found)
        return self._ids[secret, address]

    def learn(self, secret: str, address: str, answer: Answer) -> None:
        """Remember the id that the answer to a post names; it stays right when the channel is renamed."""
        if isinstance(answer, Delivered) and answer.message_ref.channel:
            self._keep(secret, address, answer.message_ref.channel)
        # The channel may have gone, and its name may stand for another one by now: ask for it anew.
        elif isinstance(answer, Refused) and answer.permanent:
            self.forget(secret, address)

    def forget(self, secret: str, address: str) -> None:
        self._ids.pop((secret, address), None)

    def _keep(self, secret: str, address: str, channel: str) -> None:
        if len(self._ids) >= NAMES_KEPT:
            # Labels may make up names without end; a name that is dropped costs one look-up more.
            self._ids.clear()
        self._ids[secret, address] = channel
