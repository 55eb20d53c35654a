"""The message that asks a second person to approve a silence, and what it says once somebody has."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from gateway.decisions.delivery.redaction import redact_matchers
from gateway.model.controls import Silence
from gateway.model.instants import moment
from gateway.outbound.slack.text import plain_text, section
from gateway.outbound.wording import shorten, tame

BLOCK_ID = "approval"
APPROVE = "approve"
MAX_TEXT = 2_900

Block = dict[str, Any]


def asks_for_approval(silence: Silence, now: int, redact: Collection[str]) -> tuple[str, list[Block]]:
    """Return the text and the blocks; the values of the labels `redact` are not shown."""
    why = f" Why: {silence.why}." if silence.why else ""
    said = shorten(
        tame(
            f"{silence.by} asks for a second person: silence {silence.id} covers critical alerts once somebody else"
            f" approves it, until {moment(silence.ends_at, now)}: {', '.join(redact_matchers(silence.matchers, redact))}.{why}"
        ),
        MAX_TEXT,
    )
    button: Block = {
        "type": "button",
        "action_id": APPROVE,
        "text": {"type": "plain_text", "text": "Approve"},
        "style": "primary",
        "value": silence.id,
    }
    blocks = [section(plain_text(said)), {"type": "actions", "block_id": BLOCK_ID, "elements": [button]}]
    return said, blocks


def says_approved(silence: Silence, redact: Collection[str]) -> tuple[str, list[Block]]:
    matchers = ", ".join(redact_matchers(silence.matchers, redact))
    said = shorten(tame(f"✅ {silence.approved_by} has approved {silence.described}: {matchers}."), MAX_TEXT)
    return said, [section(plain_text(said))]
