"""The app behind the bot: people press its buttons, fill in its modals and write its slash commands.

Shapes: https://docs.slack.dev/reference/interaction-payloads/block_actions-payload,
https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload and
https://docs.slack.dev/interactivity/implementing-slash-commands
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any
from urllib.parse import urlencode

import aiohttp

from gateway.sandbox.slack.arguments import SlackError
from gateway.sandbox.slack.interactions import action_of, find_element, state_of
from gateway.sandbox.slack.sockets import Sockets
from gateway.sandbox.slack.workspace import Channel, JsonObject, Message, Workspace

DEFAULT_SECRET = "sandbox-signing-secret"  # noqa: S105 - signs nothing but what this sandbox sends
TRIGGER_LIFE = timedelta(seconds=3)
ANSWER_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Ephemeral:
    """A text that one person alone sees."""

    channel: str
    user: str
    text: str
    blocks: list[object] = field(default_factory=list)
    ts: str = "0"


@dataclass(slots=True)
class View:
    """A modal that is open for a person."""

    id: str
    user: str
    view: JsonObject
    hash: int = 1
    open: bool = True


@dataclass(frozen=True, slots=True)
class Answered:
    """What the app said within three seconds; no status where it said nothing in time."""

    status: int | None
    body: str = ""


@dataclass(slots=True)
class App:
    """`url` is the base of the app's request URLs; empty until somebody has set it."""

    workspace: Workspace
    now: Callable[[], datetime]
    url: str = ""
    signing_secret: str = DEFAULT_SECRET
    sockets: Sockets = field(default_factory=Sockets)
    ephemerals: list[Ephemeral] = field(default_factory=list)
    views: dict[str, View] = field(default_factory=dict)
    sent: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)  # path, body and headers
    _triggers: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: count(1))

    async def press(
        self, channel: Channel, message: Message, action_id: str, chosen: str = "", user: str = "U0ALICE"
    ) -> Answered:
        """Press a button, or take the option of a menu whose value ends in `chosen`."""
        payload = self.pressed(channel, message, action_id, chosen, user)
        return await self._deliver("interactive", payload)

    def pressed(
        self, channel: Channel, message: Message, action_id: str, chosen: str = "", user: str = "U0ALICE"
    ) -> JsonObject:
        """Return the payload of a press. Raises `LookupError` where the message has no such button."""
        block, element = find_element(message.blocks, action_id)
        action = action_of(block, element, chosen) | {
            "action_ts": f"{self.now().timestamp():.3f}{next(self._numbers):03d}"
        }
        return {
            "type": "block_actions",
            **self._who(user),
            "container": {
                "type": "message",
                "message_ts": message.ts,
                "channel_id": channel.id,
                "is_ephemeral": False,
            },
            "channel": {"id": channel.id, "name": channel.name},
            "message": {"type": "message", "ts": message.ts, "text": message.text, "blocks": message.blocks},
            "trigger_id": self._trigger(user),
            "state": {"values": {}},
            "response_url": f"https://hooks.slack.com/actions/{self.workspace.team}/1/x",
            "actions": [action],
        }

    async def submit(self, view_id: str, values: Mapping[str, str]) -> Answered:
        """Send a modal off, with these texts and choices in place of what it began with."""
        opened = self.views[view_id]
        payload = {
            "type": "view_submission",
            **self._who(opened.user),
            "view": {
                **opened.view,
                "id": opened.id,
                "hash": str(opened.hash),
                "state": {"values": state_of(opened.view, values)},
            },
        }
        answered = await self._deliver("interactive", payload)
        if answered.status == 200:
            self._after_submission(opened, answered.body)
        return answered

    async def command(self, text: str, user: str = "U0ALICE", channel: str = "") -> Answered:
        """Write a slash command."""
        fields = {
            "command": "/alerts",
            "text": text,
            "team_id": self.workspace.team,
            "user_id": user,
            "user_name": self.workspace.people[user].split()[0].lower(),
            "channel_id": channel or next(iter(self.workspace.channels)),
            "trigger_id": self._trigger(user),
        }
        return await self._deliver("slash_commands", fields)

    async def _deliver(self, kind: str, payload: Mapping[str, Any]) -> Answered:
        """Send over a connection that the app has opened, or to its request URL."""
        if self.sockets.open:
            found = await self.sockets.send(kind, payload)
            return Answered(None) if found is None else Answered(200, json.dumps(found) if found else "")
        if kind == "interactive":
            return await self.send("/slack/interactivity", {"payload": json.dumps(payload)})
        return await self.send("/slack/commands", {name: str(value) for name, value in payload.items()})

    async def send(self, path: str, fields: Mapping[str, str]) -> Answered:
        """Send a form, signed as Slack signs it."""
        body = urlencode(fields).encode()
        timestamp = str(int(self.now().timestamp()))
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "x-slack-request-timestamp": timestamp,
            "x-slack-signature": sign(self.signing_secret, timestamp, body),
        }
        return await self.send_raw(path, body, headers)

    async def send_raw(self, path: str, body: bytes, headers: dict[str, str]) -> Answered:
        self.sent.append((path, body, headers))
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(f"{self.url}{path}", data=body, headers=headers) as answer,
            ):
                return Answered(answer.status, await answer.text())
        except (aiohttp.ClientError, TimeoutError):
            return Answered(None)

    def socket_url(self, token: str) -> str:
        """Return where the app may connect. Raises `SlackError` for another token than its own."""
        if token != self.sockets.token:
            raise SlackError("invalid_auth")
        return self.sockets.url

    def opened_by(self, trigger: str) -> str:
        """Return whose trigger this is. Raises `SlackError`: it lives for three seconds, and opens one modal."""
        user, until = self._triggers.pop(trigger, ("", self.now()))
        if not user:
            raise SlackError("invalid_trigger_id")
        if self.now() > until:
            raise SlackError("expired_trigger_id")
        return user

    def open_view(self, user: str, view: JsonObject) -> View:
        opened = View(f"V{next(self._numbers):08d}", user, view)
        self.views[opened.id] = opened
        return opened

    def modal_of(self, user: str) -> View | None:
        """Return the modal that is open for a person: the newest."""
        mine = [view for view in self.views.values() if view.user == user and view.open]
        return mine[-1] if mine else None

    def forget(self) -> None:
        self.ephemerals.clear()
        self.views.clear()
        self.sent.clear()

    def _after_submission(self, opened: View, body: str) -> None:
        answer = json.loads(body) if body.strip() else {}
        if answer.get("response_action") == "update":
            opened.view, opened.hash = answer["view"], opened.hash + 1
        else:
            opened.open = False

    def _who(self, user: str) -> JsonObject:
        name = self.workspace.people[user].split()[0].lower()
        team = self.workspace.team
        return {
            "user": {"id": user, "username": name, "name": name, "team_id": team},
            "team": {"id": team, "domain": "sandbox"},
            "api_app_id": "A0GATEWAY",
            "enterprise": None,
            "is_enterprise_install": False,
        }

    def _trigger(self, user: str) -> str:
        trigger = f"{next(self._numbers)}.trigger"
        self._triggers[trigger] = (user, self.now() + TRIGGER_LIFE)
        return trigger


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """https://docs.slack.dev/authentication/verifying-requests-from-slack"""
    return "v0=" + hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, sha256).hexdigest()
