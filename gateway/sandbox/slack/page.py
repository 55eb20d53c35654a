"""The page of the local Slack: channels on the left, the chosen one's messages on the right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup, escape

from gateway.sandbox.links import safe_link
from gateway.sandbox.slack.mrkdwn import mrkdwn, plain
from gateway.sandbox.slack.workspace import Channel, Message, Workspace

JsonObject = dict[str, object]
MESSAGES_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Tab:
    """A channel in the list."""

    id: str
    name: str
    count: int
    chosen: bool


def page_of(workspace: Workspace, chosen: str, now: datetime) -> JsonObject:
    channel = _chosen(workspace, chosen)
    shown = [*channel.timeline()][:MESSAGES_SHOWN][::-1] if channel else []
    tabs = [
        Tab(other.id, other.name, _count(other), other is channel) for other in workspace.channels.values()
    ]
    return {
        "tabs": tabs,
        "channel": channel,
        "messages": shown,
        "earlier": _count(channel) - len(shown) if channel else 0,
        "now": now,
        "body_of": body_of,
    }


def body_of(message: Message) -> Markup:
    """A message's blocks as HTML, or its text where it has none; attachments below with their colour."""
    blocks = Markup("").join(block_html(block) for block in message.blocks)
    body = blocks or Markup('<div class="text">{}</div>').format(mrkdwn(message.text))
    return body + Markup("").join(_attachment(attachment) for attachment in message.content.attachments)


def block_html(block: object) -> Markup:
    if not isinstance(block, dict):
        return Markup("")
    render = _BLOCKS.get(str(block.get("type")))
    return render(block) if render else Markup('<div class="other">[{}]</div>').format(block.get("type"))


def _chosen(workspace: Workspace, chosen: str) -> Channel | None:
    """Return the chosen channel, or the busiest, so that a demo opens on something to look at."""
    if chosen in workspace.channels:
        return workspace.channels[chosen]
    return max(workspace.channels.values(), key=_count, default=None)


def _count(channel: Channel) -> int:
    return sum(1 for _ in channel.timeline())


def _text(item: object) -> Markup:
    """A text object, or the mrkdwn of a plain string."""
    if not isinstance(item, dict):
        return mrkdwn(item) if isinstance(item, str) else Markup("")
    value = str(item.get("text", ""))
    if item.get("type") != "plain_text":
        return mrkdwn(value)
    # Line breaks and every space of a plain text are shown as they were sent.
    shape = Markup('<span class="plain">{}</span>')
    return shape.format(plain(value, emoji=item.get("emoji") is not False))


def _items(block: Mapping[str, object], name: str) -> list[object]:
    value = block.get(name)
    return value if isinstance(value, list) else []


def _header(block: Mapping[str, object]) -> Markup:
    return Markup("<h3>{}</h3>").format(_text(block.get("text")))


def _section(block: Mapping[str, object]) -> Markup:
    text = (
        Markup('<div class="text">{}</div>').format(_text(block["text"])) if "text" in block else Markup("")
    )
    fields = Markup("").join(
        Markup("<div>{}</div>").format(_text(field)) for field in _items(block, "fields")
    )
    grid = Markup('<div class="fields">{}</div>').format(fields) if fields else Markup("")
    return Markup('<div class="section"><div>{}</div>{}</div>').format(
        text + grid, _element(block.get("accessory"))
    )


def _context(block: Mapping[str, object]) -> Markup:
    pieces = Markup("").join(
        Markup("<span>{}</span>").format(_element(item)) for item in _items(block, "elements")
    )
    return Markup('<div class="context">{}</div>').format(pieces)


def _actions(block: Mapping[str, object]) -> Markup:
    return Markup('<div class="actions">{}</div>').format(
        Markup("").join(_element(item) for item in _items(block, "elements"))
    )


def _element(element: object) -> Markup:
    if not isinstance(element, dict):
        return Markup("")
    kind = element.get("type")
    if kind == "button":
        return _button(element)
    if kind == "image":
        return _image(element)
    if kind in {"mrkdwn", "plain_text"}:
        return _text(element)
    return Markup('<span class="button">{}</span>').format(_text(element.get("placeholder")) or kind)


def _button(button: Mapping[str, object]) -> Markup:
    style, label, link = str(button.get("style", "")), _text(button.get("text")), safe_link(button.get("url"))
    if link:
        shape = Markup('<a class="button {}" href="{}" rel="noreferrer noopener" target="_blank">{}</a>')
        return shape.format(style, link, label)
    return Markup('<span class="button {}">{}</span>').format(style, label)


def _image(image: Mapping[str, object]) -> Markup:
    """A link with the image's own words: the page itself fetches nothing from elsewhere."""
    link, words = safe_link(image.get("image_url")), escape(str(image.get("alt_text") or "image"))
    return (
        Markup('<a class="image" href="{}" rel="noreferrer noopener">{}</a>').format(link, words)
        if link
        else words
    )


def _rich_text(block: Mapping[str, object]) -> Markup:
    return Markup('<div class="text">{}</div>').format(_rich(block))


def _rich(item: object) -> Markup:
    if not isinstance(item, dict):
        return Markup("")
    inner = Markup("").join(_rich(inner) for inner in _items(item, "elements"))
    label = str(item.get("text") or item.get("url") or "")
    link = safe_link(item.get("url"))
    return inner or (Markup('<a href="{}">{}</a>').format(link, label) if link else escape(label))


def _markdown(block: Mapping[str, object]) -> Markup:
    return Markup('<div class="text">{}</div>').format(plain(str(block.get("text", ""))))


def _attachment(attachment: object) -> Markup:
    if not isinstance(attachment, dict):
        return Markup("")
    colour = str(attachment.get("color", "")).removeprefix("#")
    bar = f"#{colour}" if colour.isalnum() else "#999"
    title, text = _text(attachment.get("title")), _text(attachment.get("text"))
    inside = Markup("").join(block_html(block) for block in _items(attachment, "blocks"))
    shape = Markup('<div class="attachment" style="border-color:{}"><b>{}</b><div>{}</div>{}</div>')
    return shape.format(bar, title, text, inside)


_BLOCKS = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "divider": lambda _: Markup("<hr>"),
    "image": _image,
    "rich_text": _rich_text,
    "markdown": _markdown,
}
