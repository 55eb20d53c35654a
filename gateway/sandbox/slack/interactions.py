"""The parts of an interaction's payload that say what was pressed and filled in.

https://docs.slack.dev/reference/interaction-payloads/block_actions-payload and
https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

JsonObject = dict[str, object]
Element = dict[str, Any]


def find_element(blocks: Iterable[object], action_id: str) -> tuple[Element, Element]:
    """Return a block and its element that is pressed. Raises `LookupError` where no block has one."""
    for block in blocks:
        if isinstance(block, dict):
            for element in _elements(block):
                if element.get("action_id") == action_id:
                    return block, element
    raise LookupError(f"the message has no button {action_id}")


def action_of(block: Element, element: Element, chosen: str) -> JsonObject:
    """Return what was pressed; of a menu the option whose value ends in `chosen`."""
    action: JsonObject = {
        "type": element["type"],
        "action_id": element["action_id"],
        "block_id": block.get("block_id", ""),
    }
    if element["type"] != "static_select":
        return action | {"text": element.get("text"), "value": element.get("value", "")}
    options = (option for option in element["options"] if option["value"].rpartition("|")[2] == chosen)
    option = next(options, None)
    if option is None:
        raise LookupError(f"the menu {element['action_id']} has no option {chosen}")
    return action | {"placeholder": element.get("placeholder"), "selected_option": option}


def state_of(view: JsonObject, values: Mapping[str, str]) -> JsonObject:
    """Return the values of a view's inputs, as Slack says them: null for one that is empty."""
    found: JsonObject = {}
    blocks = view.get("blocks")
    for block in blocks if isinstance(blocks, list) else []:
        if block.get("type") != "input":
            continue
        name, element = block["block_id"], block["element"]
        if element["type"] == "static_select":
            chosen = values.get(name, (element.get("initial_option") or {}).get("value"))
            option = next((one for one in element["options"] if one["value"] == chosen), None)
            given: JsonObject = {"type": "static_select", "selected_option": option}
        else:
            given = {"type": element["type"], "value": values.get(name, element.get("initial_value")) or None}
        found[name] = {element["action_id"]: given}
    return found


def _elements(block: Element) -> Iterator[Element]:
    for element in (*(block.get("elements") or ()), block.get("accessory")):
        if isinstance(element, dict):
            yield element
