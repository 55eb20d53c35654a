"""Threads of Slack: a reply never stays bare in the channel, and an old thread leads to the newer message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog

from gateway.model.ledger import MessageRef
from gateway.model.notification import Answer, Delivered, Refused, Unanswered
from gateway.outbound.slack.client import Access, NotOk, SlackCalls
from gateway.outbound.slack.links import lead_on

log = structlog.get_logger("gateway.slack")

AS_WRITTEN = {"parse": "none", "link_names": False}
"""Slack guesses nothing into a text of ours: no names that become mentions, no words that become links."""
QUIET = {"unfurl_links": False, "unfurl_media": False}


async def post(calls: SlackCalls, access: Access, method: str, sent: Mapping[str, Any]) -> Answer:
    """Call a method that writes. A reply whose thread is gone is taken back where it has landed instead."""
    try:
        answer = await calls.call(method, access, json=dict(sent))
    except NotOk as trouble:
        return trouble.answer
    # Something between us and Slack said ok; whether people can read it is found out by looking.
    if not answer.get("ts"):
        return Unanswered("strange_answer", "ok without a ts")
    if "thread_ts" in sent and _is_bare(answer.get("message")):
        await post(calls, access, "chat.delete", {"channel": answer.get("channel"), "ts": answer["ts"]})
        return Refused("gone", "the thread is gone", gone=True)
    return Delivered(MessageRef(str(answer["ts"]), str(answer.get("channel", ""))))


def _is_bare(said: object) -> bool:
    """Return whether the message in an answer stands outside any thread.

    Slack drops a thread that it does not know, and posts into the channel.
    """
    return isinstance(said, Mapping) and said.get("type") == "message" and not said.get("thread_ts")


async def lead_to(
    calls: SlackCalls, access: Access, left: MessageRef, message_ref: MessageRef, title: str
) -> Answer:
    """Say in the thread of `left` that what `title` names goes on in `message_ref`."""
    asked = {"channel": message_ref.channel, "message_ts": message_ref.id}
    try:
        found = await calls.call("chat.getPermalink", access, http_verb="GET", params=asked)
    except NotOk as trouble:
        log.info("slack_link_not_found", call="chat.getPermalink", reason=trouble.answer.reason)
        found = {}  # without a link, the sentence has to do
    text = lead_on(title, str(found.get("permalink") or ""))
    sent = {"channel": left.channel, "thread_ts": left.id, "text": text, **AS_WRITTEN, **QUIET}
    return await post(calls, access, "chat.postMessage", sent)
