"""Messages, channels and pages of them in the shape in which Slack answers."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import TypeVar

from gateway.sandbox.slack.arguments import Arguments, SlackError
from gateway.sandbox.slack.workspace import Channel, Message, Workspace

JsonObject = dict[str, object]
T = TypeVar("T")


def message_json(message: Message, *, with_metadata: bool) -> JsonObject:
    if message.deleted:
        return _tombstone(message) | _thread_fields(message)
    body: JsonObject = {
        "type": "message",
        "ts": message.ts,
        "text": message.text,
        "user": message.bot.user_id,
        "bot_id": message.bot.bot_id,
        "app_id": message.bot.app_id,
        "team": Workspace.team,
    }
    body |= {"blocks": message.blocks} if message.blocks else {}
    body |= {"attachments": message.content.attachments} if message.content.attachments else {}
    body |= {"subtype": "thread_broadcast"} if message.broadcast else {}
    if message.edited_at:
        body["edited"] = {"user": message.bot.user_id, "ts": f"{message.edited_at.timestamp():.6f}"}
    if with_metadata and message.metadata:
        body["metadata"] = message.metadata
    return body | _thread_fields(message)


def channel_json(channel: Channel) -> JsonObject:
    return {
        "id": channel.id,
        "name": channel.name,
        "is_channel": True,
        "is_private": False,
        "is_archived": channel.archived,
        "is_member": channel.member,
    }


def person_json(user_id: str, name: str, zone: str = "") -> JsonObject:
    first = name.split(maxsplit=1)[0]
    profile = {"real_name": name, "display_name": first}
    who = {"id": user_id, "name": first.lower(), "real_name": name, "deleted": False, "is_bot": False}
    return {**who, "profile": profile, **({"tz": zone} if zone else {})}


def page(
    items: Sequence[T], key: Callable[[T], str], arguments: Arguments, most: int
) -> tuple[Sequence[T], str]:
    """One page and the next one's cursor, empty at the end.

    The cursor names the item that the next page starts with, so that what is posted meanwhile shifts nothing.
    """
    wanted = _position(arguments.text("cursor"))
    start = next((at for at, item in enumerate(items) if key(item) == wanted), len(items)) if wanted else 0
    end = start + arguments.limit(100, most)
    return items[start:end], _cursor(key(items[end])) if end < len(items) else ""


def _cursor(key: str) -> str:
    return urlsafe_b64encode(f"next:{key}".encode()).decode()


def _position(cursor: str) -> str:
    try:
        text = urlsafe_b64decode(cursor).decode()
    except ValueError as error:
        raise SlackError("invalid_cursor") from error
    if cursor and not text.startswith("next:"):
        raise SlackError("invalid_cursor")
    return text.removeprefix("next:")


def _tombstone(message: Message) -> JsonObject:
    return {
        "type": "message",
        "subtype": "tombstone",
        "ts": message.ts,
        "text": "This message was deleted.",
        "user": "USLACKBOT",
    }


def _thread_fields(message: Message) -> JsonObject:
    if message.thread_ts:
        return {"thread_ts": message.thread_ts}
    replies = message.live_replies
    if not replies:
        return {}
    return {"thread_ts": message.ts, "reply_count": len(replies), "latest_reply": replies[-1].ts}
