"""Read a modal that the app opens or changes, within Slack's limits."""

from __future__ import annotations

from gateway.sandbox.slack.arguments import Arguments, SlackError
from gateway.sandbox.slack.blocks import check_blocks

JsonObject = dict[str, object]
MODAL_BLOCKS, MODAL_TITLE, MODAL_METADATA = 100, 24, 3_000


def modal_of(arguments: Arguments) -> JsonObject:
    """Return a modal within Slack's limits: https://docs.slack.dev/reference/views/modal-views"""
    view = arguments.mapping("view", "invalid_arguments") or {}
    if view.get("type") != "modal" or not 0 < len(_blocks(view)) <= MODAL_BLOCKS:
        raise SlackError("invalid_arguments")
    title = view.get("title")
    words = str(title.get("text", "")) if isinstance(title, dict) else ""
    metadata = str(view.get("private_metadata", ""))
    if not 0 < len(words) <= MODAL_TITLE or len(metadata) > MODAL_METADATA:
        raise SlackError("invalid_arguments")
    if any(block.get("type") == "input" for block in _blocks(view)) and "submit" not in view:
        raise SlackError("invalid_arguments")
    check_blocks([*_blocks(view)])
    return dict(view)


def _blocks(view: JsonObject) -> list[JsonObject]:
    blocks = view.get("blocks")
    return [block for block in blocks if isinstance(block, dict)] if isinstance(blocks, list) else []
