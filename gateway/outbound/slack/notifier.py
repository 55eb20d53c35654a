"""Slack by its Web API: one message per incident and channel, edited in place, with replies in its thread.

There is no idempotency key (slack-api-specs #10), so every post carries its attempt in the message's
metadata, by which `look` finds it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from gateway.model.ledger import Endpoint, MessageRef, Note
from gateway.model.notification import Answer, Delivered, Found, Look, Notification, Refused, Unanswered
from gateway.outbound.network import Network
from gateway.outbound.plainer import Omitted, send_plainer
from gateway.outbound.slack.attempts import metadata_of
from gateway.outbound.slack.blocks import Rendered, render_notes
from gateway.outbound.slack.buttons import with_buttons
from gateway.outbound.slack.channel_ids import ChannelIds
from gateway.outbound.slack.client import Access, NotOk, SlackCalls
from gateway.outbound.slack.history import find_attempts
from gateway.outbound.slack.mentions import Mentions
from gateway.outbound.slack.permalinks import Permalinks
from gateway.outbound.slack.plainer_forms import (
    NO_THREADS,
    next_omission,
    next_reply_omission,
    render_without,
    reply_body,
)
from gateway.outbound.slack.threads import AS_WRITTEN, QUIET, lead_to, post

SKEW = 120_000  # ms that Slack's clock may be behind ours


class SlackNotifier:
    """All tokens and channels share one session. `timeout` in seconds bounds a whole notification, reply or
    read-back.

    `base_url` is Slack's, for destinations that have none of their own. `buttons_for` returns the name of the
    token whose app answers what people press, empty for none.
    """

    settles_by_looking = True
    takes_notes = True

    def __init__(
        self,
        base_url: str,
        timeout: float = 8.0,
        network: Network | None = None,
        buttons_for: Callable[[], str] = str,
    ) -> None:
        self._base_url = base_url
        self._timeout = timeout
        self._network = network or Network()
        self._buttons_for = buttons_for
        self._calls = SlackCalls(timeout, self._network)
        self._ids = ChannelIds(self._calls)
        self._mentions = Mentions(self._calls)
        self._permalinks = Permalinks(self._calls)

    async def aclose(self) -> None:
        await self._calls.aclose()

    async def notify(
        self,
        endpoint: Endpoint,
        secret: str,
        notification: Notification,
        *,
        attempt: str,
        message_ref: MessageRef | None,
    ) -> Answer:
        """Post or edit the message; what Slack refuses to show is sent again in ever plainer forms."""
        if message_ref is not None and not message_ref.channel:
            return Refused("gone", "no message of Slack's", gone=True)
        access = self._access(endpoint, secret)
        if isinstance(access, Refused):
            return access
        if message_ref is None and notification.called:
            # It is only posted anew: people were called by the message before, and nothing is worse since.
            notification = msgspec.structs.replace(notification, mentions=())
        try:
            async with asyncio.timeout(self._timeout):
                notification = await self._mentions.in_place(access, notification)
                answer = await send_plainer(
                    lambda omitted: self._show(
                        endpoint,
                        access,
                        self._rendered(notification, omitted, endpoint),
                        notification,
                        attempt,
                        message_ref,
                    ),
                    lambda refused, omitted: next_omission(refused, omitted, notification),
                )
        except TimeoutError:
            return Unanswered("timeout")
        # An edited message is where it was.
        return await self._permalinks.with_link(access, answer) if message_ref is None else answer

    def _rendered(self, notification: Notification, omitted: Omitted, endpoint: Endpoint) -> Rendered:
        rendered = render_without(notification, omitted)
        return with_buttons(rendered, notification) if endpoint.secret == self._buttons_for() else rendered

    async def _show(
        self,
        endpoint: Endpoint,
        access: Access,
        rendered: Rendered,
        notification: Notification,
        attempt: str,
        message_ref: MessageRef | None,
    ) -> Answer:
        sent: dict[str, Any] = {"text": rendered.text, "blocks": list(rendered.blocks), **AS_WRITTEN}
        if message_ref is None:
            # By what the rules say: a channel that was made anew under its name is found at once.
            more = {"channel": endpoint.address, "metadata": metadata_of(attempt, "message", notification)}
            answer = await self._post("chat.postMessage", access, {**sent, **QUIET, **more})
            self._ids.learn(access, endpoint.address, answer)
            return answer
        # The edit carries no metadata, so the message keeps the attempt id of its posting, by which a later
        # look finds it.
        edit = {**sent, "channel": message_ref.channel, "ts": message_ref.id}
        answer = await self._post("chat.update", access, edit)
        return await self._ids.healed(access, answer, endpoint.address, message_ref.channel)

    async def reply(
        self,
        endpoint: Endpoint,
        secret: str,
        notes: tuple[Note, ...],
        *,
        attempt: str,
        message_ref: MessageRef,
        edits: MessageRef | None,
        mentions: tuple[str, ...],
    ) -> Answer:
        access = self._access(endpoint, secret)
        if isinstance(access, Refused):
            return access
        if edits is not None:
            rendered = render_notes(notes, mentions)
            line = {"text": rendered.text, "blocks": list(rendered.blocks), **AS_WRITTEN}
            return await self._post("chat.update", access, {**line, "channel": edits.channel, "ts": edits.id})
        root = MessageRef(message_ref.id, message_ref.channel or endpoint.address)
        try:
            async with asyncio.timeout(self._timeout):
                notes, mentions = await self._mentions.in_reply(access, notes, mentions)
                answer = await send_plainer(
                    lambda omitted: self._post(
                        "chat.postMessage", access, reply_body(root, notes, mentions, attempt, omitted)
                    ),
                    lambda refused, omitted: next_reply_omission(refused, omitted, notes, mentions),
                )
                answer = await self._ids.healed(access, answer, endpoint.address, root.channel)
        except TimeoutError:
            return Unanswered("timeout")
        if isinstance(answer, Refused) and answer.detail in NO_THREADS:
            # The message stands, and says what the notes say: only the reply is not taken.
            return Refused("invalid", answer.detail, permanent=True, left_out=answer.left_out)
        return answer

    async def lead_on(
        self, endpoint: Endpoint, secret: str, left: MessageRef, message_ref: MessageRef, title: str
    ) -> Answer:
        access = self._access(endpoint, secret)
        if isinstance(access, Refused):
            return access
        try:
            async with asyncio.timeout(self._timeout):
                return await lead_to(self._calls, access, left, message_ref, title)
        except TimeoutError:
            return Unanswered("timeout")

    async def look(
        self,
        endpoint: Endpoint,
        secret: str,
        *,
        attempts: tuple[str, ...],
        since: int,
        message_ref: MessageRef | None,
    ) -> Look:
        """Look in the channel (the newest first) and, for replies, in the thread.

        More than `PAGES` pages of either are not read.
        """
        found: dict[str, MessageRef] = {}
        access = self._access(endpoint, secret)
        if isinstance(access, Refused):
            return access
        try:
            async with asyncio.timeout(self._timeout):
                channel = (
                    message_ref.channel
                    if message_ref and message_ref.channel
                    else await self._ids.find(access, endpoint.address)
                )
                if channel is not None:
                    thread = message_ref.id if message_ref else ""
                    oldest = max(0, since - SKEW)
                    await find_attempts(self._calls, access, channel, thread, attempts, oldest, found)
        except NotOk as trouble:
            if isinstance(trouble.answer, Refused) and trouble.answer.reason == "not_found":
                self._ids.forget(access, endpoint.address)
            return trouble.answer
        except TimeoutError:
            return Unanswered("timeout")
        return Found(found)

    async def withdraw(self, endpoint: Endpoint, secret: str, message_ref: MessageRef) -> Answer:
        access = self._access(endpoint, secret)
        if isinstance(access, Refused):
            return access
        answer = await self._post(
            "chat.delete", access, {"channel": message_ref.channel or endpoint.address, "ts": message_ref.id}
        )
        # Somebody deleted it before: it is away, as was wanted.
        return Delivered(message_ref) if isinstance(answer, Refused) and answer.gone else answer

    def _access(self, endpoint: Endpoint, secret: str) -> Access | Refused:
        way = self._network.way(endpoint, self._base_url)
        return way if isinstance(way, Refused) else Access(secret, way)

    async def _post(self, method: str, access: Access, sent: Mapping[str, Any]) -> Answer:
        return await post(self._calls, access, method, sent)
