"""The limits of Block Kit as tables: how long each text and how many items each block may have."""

from __future__ import annotations

BLOCKS_MAX = 50
BLOCKS_TEXT_MAX = 13_000
ATTACHMENTS_MAX = 100
TEXT_MAX = 3_000
FIELD_MAX = 2_000
HEADER_MAX = 150
URL_MAX = 3_000
ID_MAX = 255
MARKDOWN_MAX = 12_000
ITEM_COUNTS = {"actions": (1, 25), "context": (1, 10), "context_actions": (1, 5), "carousel": (1, 10)}
OPTION_COUNTS = {
    "overflow": (1, 5),
    "checkboxes": (1, 10),
    "radio_buttons": (1, 10),
    "static_select": (0, 100),
}
# Longest value of each named string of a type; the common ones stand under "".
LENGTHS: dict[str, dict[str, int]] = {
    "": {"action_id": ID_MAX, "block_id": ID_MAX, "url": URL_MAX, "image_url": URL_MAX},
    "image": {"alt_text": 2_000},
    "button": {"value": 2_000, "accessibility_label": 75},
    "markdown": {"text": MARKDOWN_MAX},
    "video": {"alt_text": 200, "author_name": 50, "provider_name": 50},
}
# Longest text object under each name of a type.
TEXTS: dict[str, dict[str, int]] = {
    "header": {"text": HEADER_MAX},
    "section": {"text": TEXT_MAX},
    "button": {"text": 75},
    "alert": {"text": 200},
    "image": {"title": 2_000},
    "input": {"label": 2_000, "hint": 2_000},
    "static_select": {"placeholder": 150},
    "confirm": {"title": 100, "text": 300, "confirm": 30, "deny": 30},
    "option": {"text": 75, "description": 75},
}
PLAIN_ONLY = {("header", "text"), ("button", "text"), ("image", "title"), ("input", "label")}
BLOCK_TYPES = frozenset(
    [
        "actions",
        "alert",
        "card",
        "carousel",
        "container",
        "context",
        "context_actions",
        "data_table",
        "data_visualization",
        "divider",
        "file",
        "header",
        "image",
        "input",
        "markdown",
        "plan",
        "rich_text",
        "section",
        "table",
        "task_card",
        "video",
    ]
)
