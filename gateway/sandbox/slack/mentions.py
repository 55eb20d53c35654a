"""The people whom a message would notify, found in the raw text and in every mrkdwn or rich text of its
blocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# https://docs.slack.dev/messaging/formatting-message-text: mentions need a raw "<"; escaped ones are text.
_MENTION = re.compile(r"<(?:!(here|channel|everyone)|!subteam\^(\w+)|@([UW]\w+))(?:\|[^<>]*)?>")
_BARE = re.compile(r"(?<![\w@])@(here|channel|everyone)\b")


def mentioned(text: str, *structures: object, link_names: bool = False) -> tuple[str, ...]:
    """`@here`, `@channel`, `@everyone`, group ids and user ids, each once, in the order found."""
    found: dict[str, None] = {}
    for piece in (text, *(piece for structure in structures for piece in mrkdwn_of(structure))):
        found |= dict.fromkeys(
            f"@{word}" if word else group or user for word, group, user in _MENTION.findall(piece)
        )
        if link_names:
            found |= dict.fromkeys(f"@{name}" for name in _BARE.findall(piece))
    return tuple(found)


def mrkdwn_of(structure: object) -> Iterator[str]:
    """Every text that Slack parses for mentions inside blocks and attachments; plain_text is not parsed."""
    if isinstance(structure, list):
        for item in structure:
            yield from mrkdwn_of(item)
    elif isinstance(structure, dict):
        yield from _of_object(structure)


def _of_object(item: dict[str, object]) -> Iterator[str]:
    kind = item.get("type")
    if kind == "plain_text":
        return
    if kind in {"user", "usergroup", "broadcast"}:
        yield _rich_mention(item)
    for value in item.values():
        if isinstance(value, str) and kind in {
            "mrkdwn",
            "markdown",
            None,
        }:  # attachments and their fields have no type
            yield value
        yield from mrkdwn_of(value)


def _rich_mention(item: dict[str, object]) -> str:
    if item["type"] == "user":
        return f"<@{item.get('user_id')}>"
    if item["type"] == "usergroup":
        return f"<!subteam^{item.get('usergroup_id')}>"
    return f"<!{item.get('range')}>"
