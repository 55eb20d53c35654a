"""The memory of the local Slack: bots, people, channels, messages and their threads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.sandbox.slack.arguments import SlackError

JsonObject = dict[str, object]


ALL_SCOPES = frozenset(
    {
        *("chat:write", "commands", "channels:read", "channels:history", "groups:read", "groups:history"),
        *("im:write", "im:history", "users:read", "users:read.email", "usergroups:read"),
    }
)


@dataclass(frozen=True, slots=True)
class Bot:
    """The bot that a token speaks as, and the scopes that the token has."""

    name: str = "Alert Gateway"
    bot_id: str = "B0GATEWAY"
    user_id: str = "U0GATEWAY"
    app_id: str = "A0GATEWAY"
    scopes: frozenset[str] = ALL_SCOPES


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a message; the raw blocks and attachments as sent."""

    text: str
    blocks: list[object] = field(default_factory=list)
    attachments: list[object] = field(default_factory=list)


@dataclass(slots=True)
class Message:
    """A message with its thread; a deleted one stays here, marked."""

    ts: str
    bot: Bot
    content: Content
    posted_at: datetime
    metadata: JsonObject | None = None
    thread_ts: str | None = None
    broadcast: bool = False
    notified: tuple[str, ...] = ()  # an edit notifies nobody, so this is of the posting alone
    edits: int = 0
    edited_at: datetime | None = None
    deleted: bool = False
    replies: list[Message] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.content.text

    @property
    def blocks(self) -> list[object]:
        return self.content.blocks

    @property
    def live_replies(self) -> list[Message]:
        return [reply for reply in self.replies if not reply.deleted]


@dataclass(slots=True)
class Channel:
    """A channel; ``member`` says whether the bots are in it, ``threads`` whether it takes replies."""

    id: str
    name: str
    archived: bool = False
    member: bool = True
    threads: bool = True
    messages: list[Message] = field(default_factory=list)  # without thread replies, oldest first
    by_ts: dict[str, Message] = field(default_factory=dict)
    last_us: int = 0

    def next_ts(self, now: datetime) -> str:
        """Unique in the channel and never smaller than the last, whatever the clock does."""
        self.last_us = max(int(now.timestamp() * 1_000_000), self.last_us + 1)
        return f"{self.last_us // 1_000_000}.{self.last_us % 1_000_000:06d}"

    def add(self, message: Message) -> None:
        self.by_ts[message.ts] = message
        thread = self.messages if message.thread_ts is None else self.by_ts[message.thread_ts].replies
        thread.append(message)

    def find(self, ts: str) -> Message:
        message = self.by_ts.get(ts)
        if message is None or message.deleted:
            raise SlackError("message_not_found")
        return message

    def timeline(self) -> Iterator[Message]:
        """Return what the channel shows, newest first: broadcast replies too; a deleted parent of replies as
        a tombstone.
        """
        for message in reversed(self.by_ts.values()):
            if (message.thread_ts is None or message.broadcast) and (
                not message.deleted or message.live_replies
            ):
                yield message

    def forget(self) -> None:
        self.messages.clear()
        self.by_ts.clear()


class Workspace:
    """One team: its tokens, people and channels."""

    team = "T0SANDBOX"

    def __init__(
        self, tokens: dict[str, Bot], channels: Iterable[str], edit_window: timedelta | None
    ) -> None:
        self.tokens = tokens
        self.edit_window = edit_window
        self.keeps_mentions_from_bots = False  # a setting of admins: no @here, @channel, @everyone by a bot
        self.channels: dict[str, Channel] = {}
        self.people = {"U0ALICE": "Alice Moreau", "U0BOB": "Bob Okafor", "U0CHEN": "Chen Wei"}
        self.zones: dict[str, str] = {}  # of people, as far as they have told Slack
        self.groups = {"S0ONCALL1": "oncall-team"}
        self.group_members = {"S0ONCALL1": ["U0ALICE", "U0BOB"]}
        for name in channels:
            self.add_channel(name)

    def add_channel(self, name: str, *, archived: bool = False, member: bool = True) -> Channel:
        channel = Channel(f"C{len(self.channels) + 1:08d}", name.removeprefix("#"), archived, member)
        self.channels[channel.id] = channel
        return channel

    def by_id(self, channel_id: str) -> Channel:
        if channel_id not in self.channels:
            raise SlackError("channel_not_found")
        return self.channels[channel_id]

    def by_name_or_id(self, address: str) -> Channel:
        """Takes `#name`, `name`, the id, or a user's id for what the app writes to that user."""
        if address in self.channels:
            return self.channels[address]
        if address in self.people:
            return self.conversation_with(address)
        named = (channel for channel in self.channels.values() if channel.name == address.removeprefix("#"))
        channel = next(named, None)
        if channel is None:
            raise SlackError("channel_not_found")
        return channel

    def conversation_with(self, user_id: str) -> Channel:
        if user_id not in self.people:
            raise SlackError("user_not_found")
        return self.channels.setdefault(f"D{user_id[1:]}", Channel(f"D{user_id[1:]}", ""))

    def bot_of(self, token: str) -> Bot:
        if not token:
            raise SlackError("not_authed")
        if token not in self.tokens:
            raise SlackError("invalid_auth")
        return self.tokens[token]
