"""A modal as HTML: what it says, the fields to fill in, and the button that sends them off.

https://docs.slack.dev/reference/views/modal-views
"""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from gateway.sandbox.slack.app import View
from gateway.sandbox.slack.block_html import block_html, text_html

REQUIRED, SELECTED = Markup(" required"), Markup(" selected")


def modal_html(opened: View) -> Markup:
    """Return the inside of the form."""
    view = opened.view
    blocks = view.get("blocks")
    body = Markup("").join(_block(block) for block in (blocks if isinstance(blocks, list) else []))
    submit = Markup("")
    if view.get("submit"):
        submit = Markup('<button class="button primary" name="submit">{}</button>').format(
            text_html(view["submit"])
        )
    close = Markup('<button class="button" name="close" formnovalidate>{}</button>').format(
        text_html(view.get("close")) or "Cancel"
    )
    shape = Markup('<h2>{}</h2><div class="fill">{}</div><div class="actions">{}{}</div>')
    return shape.format(text_html(view.get("title")), body, submit, close)


def _block(block: object) -> Markup:
    if not isinstance(block, dict) or block.get("type") != "input":
        return block_html(block)
    optional = block.get("optional") is True
    label = text_html(block.get("label")) + (Markup(' <small class="dim">optional</small>') * optional)
    hint = Markup('<small class="dim">{}</small>').format(text_html(block.get("hint"))) * ("hint" in block)
    element = block.get("element")
    field = _field(
        f"value.{block.get('block_id', '')}",
        element if isinstance(element, dict) else {},
        REQUIRED * (not optional),
    )
    return Markup("<label><b>{}</b>{}{}</label>").format(label, field, hint)


def _field(name: str, element: Mapping[str, object], required: Markup) -> Markup:
    if element.get("type") == "static_select":
        return _select(name, element, required)
    given, most = str(element.get("initial_value") or ""), element.get("max_length") or 3_000
    if element.get("multiline"):
        # The first line break of a text area is none of its text.
        shape = Markup('<textarea name="{}" rows="4" maxlength="{}"{}>\n{}</textarea>')
        return shape.format(name, most, required, given)
    shape = Markup('<input name="{}" maxlength="{}" value="{}" autocomplete="off"{}>')
    return shape.format(name, most, given, required)


def _select(name: str, element: Mapping[str, object], required: Markup) -> Markup:
    options, initial = element.get("options"), element.get("initial_option")
    chosen = initial.get("value") if isinstance(initial, dict) else None
    shown = Markup("").join(
        Markup('<option value="{}"{}>{}</option>').format(
            option.get("value", ""),
            SELECTED * (option.get("value") == chosen),
            text_html(option.get("text")).striptags(),
        )
        for option in (options if isinstance(options, list) else [])
        if isinstance(option, dict)
    )
    return Markup('<select name="{}"{}>{}</select>').format(name, required, shown)
