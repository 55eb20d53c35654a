"""The blocks of a message as HTML. What a person may press submits the form that the page puts around the
message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from markupsafe import Markup, escape

from gateway.sandbox.links import safe_link
from gateway.sandbox.slack.mrkdwn import mrkdwn, plain
from gateway.sandbox.slack.workspace import Message


def body_of(message: Message) -> Markup:
    """A message's blocks as HTML, or its text where it has none; attachments below with their colour."""
    body = said(message.text, message.blocks)
    return body + Markup("").join(_attachment(attachment) for attachment in message.content.attachments)


def said(text: str, blocks: Iterable[object]) -> Markup:
    """Blocks as HTML, or the text where there are none."""
    shown = Markup("").join(block_html(block) for block in blocks)
    return shown or Markup('<div class="text">{}</div>').format(mrkdwn(text))


def block_html(block: object) -> Markup:
    if not isinstance(block, dict):
        return Markup("")
    render = _BLOCKS.get(str(block.get("type")))
    return render(block) if render else Markup('<div class="other">[{}]</div>').format(block.get("type"))


def text_html(item: object) -> Markup:
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
    return Markup("<h3>{}</h3>").format(text_html(block.get("text")))


def _section(block: Mapping[str, object]) -> Markup:
    text = (
        Markup('<div class="text">{}</div>').format(text_html(block["text"]))
        if "text" in block
        else Markup("")
    )
    fields = Markup("").join(
        Markup("<div>{}</div>").format(text_html(field)) for field in _items(block, "fields")
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
        return text_html(element)
    if kind == "static_select" and "action_id" in element:
        return _menu(element)
    return Markup('<span class="button">{}</span>').format(text_html(element.get("placeholder")) or kind)


def _button(button: Mapping[str, object]) -> Markup:
    style, label, link = (
        str(button.get("style", "")),
        text_html(button.get("text")),
        safe_link(button.get("url")),
    )
    if link:
        shape = Markup('<a class="button {}" href="{}" rel="noreferrer noopener" target="_blank">{}</a>')
        return shape.format(style, link, label)
    if "action_id" not in button:
        return Markup('<span class="button {}">{}</span>').format(style, label)
    confirm = button.get("confirm")
    if isinstance(confirm, dict):
        return _confirmed(button, label, confirm)
    return _press(button, "", f"button {style}", label)


def _press(element: Mapping[str, object], chosen: str, style: str, label: Markup) -> Markup:
    """A button that submits the form around it, and says by its name what was pressed."""
    shape = Markup('<button class="{}" name="press.{}" value="{}">{}</button>')
    return shape.format(style, element["action_id"], chosen, label)


def _confirmed(button: Mapping[str, object], label: Markup, confirm: Mapping[str, object]) -> Markup:
    """A button that asks before it acts."""
    style = str(button.get("style", ""))
    act = _press(button, "", f"button {style}", text_html(confirm.get("confirm")) or Markup("Yes"))
    question = Markup("<b>{}</b><p>{}</p>").format(
        text_html(confirm.get("title")), text_html(confirm.get("text"))
    )
    return _fold(button, style, label, question + act)


def _menu(select: Mapping[str, object]) -> Markup:
    """A menu whose options are buttons, so that the page can be drawn anew while it is open."""
    options = [option for option in _items(select, "options") if isinstance(option, dict)]
    choices = (
        _press(select, choice_of(option), "choice", text_html(option.get("text"))) for option in options
    )
    return _fold(select, "", text_html(select.get("placeholder")), Markup("").join(choices))


def choice_of(option: Mapping[str, object]) -> str:
    """What tells an option from the others of its menu."""
    return str(option.get("value", "")).rpartition("|")[2]


def _fold(element: Mapping[str, object], style: str, label: Markup, inside: Markup) -> Markup:
    shape = Markup(
        '<details class="menu" data-key="{}"><summary class="button {}">{}</summary><div>{}</div></details>'
    )
    return shape.format(element["action_id"], style, label, inside)


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
    title, text = text_html(attachment.get("title")), text_html(attachment.get("text"))
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
