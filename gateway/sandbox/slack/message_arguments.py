"""The arguments of a call that say what a message holds, in which thread it stands and whom it notifies."""

from __future__ import annotations

from gateway.sandbox.slack.arguments import Arguments, SlackError
from gateway.sandbox.slack.blocks import check_attachments, check_blocks
from gateway.sandbox.slack.mentions import mentioned
from gateway.sandbox.slack.workspace import Channel, Content, JsonObject


def content_of(arguments: Arguments, before: Content) -> Content:
    """Read what the message will say; what an update leaves out stays, an empty list takes it away."""
    blocks = arguments.items("blocks", "invalid_blocks_format")
    attachments = arguments.items("attachments", "invalid_attachments")
    check_blocks(blocks or [])
    check_attachments(attachments or [])
    content = Content(
        text=arguments.text("text") if arguments.has("text") else before.text,
        blocks=before.blocks if blocks is None else blocks,
        attachments=before.attachments if attachments is None else attachments,
    )
    sent = arguments.text("text") or blocks or attachments
    if not sent:
        raise SlackError("no_text")
    return content


def metadata_of(arguments: Arguments, before: JsonObject | None) -> JsonObject | None:
    """Read the metadata; what is not given stays, and an empty object takes it away."""
    metadata = arguments.mapping("metadata", "invalid_metadata_format")
    if metadata is None:
        return before
    # Both fields are required (https://docs.slack.dev/messaging/message-metadata): read-back depends on them.
    if metadata and not (
        isinstance(metadata.get("event_type"), str) and isinstance(metadata.get("event_payload"), dict)
    ):
        raise SlackError("invalid_metadata_schema")
    return metadata or None


def parent_of(channel: Channel, arguments: Arguments) -> str | None:
    """Return the ts of the thread's first message, also when a reply in that thread was named."""
    named = arguments.text("thread_ts")
    if not named:
        return None
    parent = channel.by_ts.get(named)
    # A deleted message without replies leaves no thread to write in; one with replies stays as a tombstone.
    if parent is None or (parent.deleted and not parent.live_replies):
        raise SlackError("cannot_reply_to_message")
    return parent.thread_ts or parent.ts


def notified_by(content: Content, arguments: Arguments) -> tuple[str, ...]:
    link_names = arguments.flag("link_names") or arguments.text("parse") == "full"
    return mentioned(content.text, content.blocks, content.attachments, link_names=link_names)
