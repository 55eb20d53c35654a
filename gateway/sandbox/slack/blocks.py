"""Block Kit's limits, as Slack enforces them: lengths count code points.

https://docs.slack.dev/reference/block-kit/blocks; the cap over all blocks is undocumented (bolt-js #2509:
about 13,200).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from gateway.sandbox.slack.arguments import SlackError
from gateway.sandbox.slack.block_limits import (
    ATTACHMENTS_MAX,
    BLOCK_TYPES,
    BLOCKS_MAX,
    BLOCKS_TEXT_MAX,
    FIELD_MAX,
    ITEM_COUNTS,
    LENGTHS,
    OPTION_COUNTS,
    PLAIN_ONLY,
    TEXT_MAX,
    TEXTS,
)

Item = Mapping[str, object]
Complaints = Iterator[str]


def check_blocks(blocks: list[object]) -> None:
    """Raises the error that Slack would answer: `invalid_blocks_format`, `invalid_blocks` or
    `msg_blocks_too_long`.
    """
    if not all(isinstance(block, dict) for block in blocks):
        raise SlackError("invalid_blocks_format")
    complaints = [*_complaints(blocks)]
    if complaints:
        raise SlackError("invalid_blocks", *complaints)
    if text_length(blocks) > BLOCKS_TEXT_MAX:
        raise SlackError("msg_blocks_too_long")


def check_attachments(attachments: list[object]) -> None:
    if len(attachments) > ATTACHMENTS_MAX:
        raise SlackError("too_many_attachments")
    for attachment in attachments:
        if not isinstance(attachment, dict):
            raise SlackError("invalid_attachments")
        check_blocks(_items(attachment.get("blocks", [])))


def text_length(structure: object) -> int:
    """Code points of every text inside."""
    if isinstance(structure, list):
        return sum(text_length(item) for item in structure)
    if not isinstance(structure, dict):
        return 0
    own = structure.get("text")
    return (len(own) if isinstance(own, str) else 0) + sum(text_length(value) for value in structure.values())


def _complaints(blocks: list[object]) -> Complaints:
    if len(blocks) > BLOCKS_MAX:
        yield _complaint(f"no more than {BLOCKS_MAX} items allowed", "/blocks")
    seen: set[object] = set()
    for number, block in enumerate(blocks):
        place = f"/blocks/{number}"
        assert isinstance(block, dict)
        if block.get("type") not in BLOCK_TYPES:
            yield _complaint(f"unsupported type: {block.get('type')}", f"{place}/type")
            continue
        if "block_id" in block and block["block_id"] in seen:
            yield _complaint("block_id already exists in this message", f"{place}/block_id")
        seen.add(block.get("block_id"))
        yield from _of_item(block, place)


def _of_item(item: Item, place: str) -> Complaints:
    """The complaints about a block, element or text object and about everything inside it."""
    kind = str(item.get("type", ""))
    yield from _own_strings(kind, item, place)
    yield from _own_texts(kind, item, place)
    if kind in _SPECIAL:
        yield from _SPECIAL[kind](item, place)
    yield from _counts(kind, item, place)
    for name, value in item.items():
        for number, inner in enumerate(_items(value)):
            if isinstance(inner, dict):
                yield from _of_item(_named(name, inner), f"{place}/{name}/{number}")
        if isinstance(value, dict):
            yield from _of_item(_named(name, value), f"{place}/{name}")


def _named(name: str, item: dict[str, object]) -> Item:
    """Options and confirmations carry no type of their own."""
    kinds = {"options": "option", "initial_option": "option", "confirm": "confirm"}
    return {"type": kinds[name], **item} if name in kinds else item


def _own_strings(kind: str, item: Item, place: str) -> Complaints:
    for name, most in (LENGTHS[""] | LENGTHS.get(kind, {})).items():
        value = item.get(name)
        if isinstance(value, str) and len(value) > most:
            yield _complaint(f"must be less than {most + 1} characters", f"{place}/{name}")


def _own_texts(kind: str, item: Item, place: str) -> Complaints:
    for name, most in TEXTS.get(kind, {}).items():
        if isinstance(item.get(name), dict):
            yield from _text_object(item[name], most, f"{place}/{name}")
        if (kind, name) in PLAIN_ONLY and _text_kind(item.get(name)) == "mrkdwn":
            yield _complaint("must be plain_text", f"{place}/{name}/type")


def _text_object(text: object, most: int, place: str) -> Complaints:
    value = text.get("text") if isinstance(text, dict) else None
    if _text_kind(text) not in {"plain_text", "mrkdwn"} or not isinstance(value, str):
        yield _complaint("must be a text object", place)
    elif not value:
        yield _complaint("must be more than 0 characters", f"{place}/text")
    elif len(value) > most:
        yield _complaint(f"must be less than {most + 1} characters", f"{place}/text")


def _counts(kind: str, item: Item, place: str) -> Complaints:
    for name, bounds in (("elements", ITEM_COUNTS.get(kind)), ("options", OPTION_COUNTS.get(kind))):
        least, most = bounds or (0, 1_000)
        if bounds and name in item and not least <= len(_items(item[name])) <= most:
            yield _complaint(f"must have {least} to {most} items", f"{place}/{name}")
        if bounds and least and name not in item:
            yield _complaint(f"missing required field: {name}", place)


def _section(item: Item, place: str) -> Complaints:
    fields = _items(item.get("fields", []))
    if not fields and not isinstance(item.get("text"), dict):
        yield _complaint("missing required field: text", place)
    if len(fields) > 10:
        yield _complaint("no more than 10 items allowed", f"{place}/fields")
    for number, field in enumerate(fields):
        yield from _text_object(field, FIELD_MAX, f"{place}/fields/{number}")


def _header(item: Item, place: str) -> Complaints:
    if not isinstance(item.get("text"), dict):
        yield _complaint("missing required field: text", place)


def _context(item: Item, place: str) -> Complaints:
    for number, element in enumerate(_items(item.get("elements", []))):
        if _text_kind(element) != "image":
            yield from _text_object(element, TEXT_MAX, f"{place}/elements/{number}")


def _image(item: Item, place: str) -> Complaints:
    if "image_url" not in item and "slack_file" not in item:
        yield _complaint("missing required field: image_url", place)
    if not isinstance(item.get("alt_text"), str):
        yield _complaint("missing required field: alt_text", place)


_SPECIAL: dict[str, Callable[[Item, str], Complaints]] = {
    "section": _section,
    "header": _header,
    "button": _header,
    "context": _context,
    "image": _image,
}


def _text_kind(text: object) -> object:
    return text.get("type") if isinstance(text, dict) else None


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _complaint(what: str, place: str) -> str:
    return f"[ERROR] {what} [json-pointer:{place}]"
