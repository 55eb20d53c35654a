"""Mark each Slack message with the attempt that made it, so that a read-back can tell whether it arrived."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.model.ledger import MessageRef
from gateway.model.notification import Notification

EVENT_TYPE = "alert_gateway"


def metadata_of(attempt: str, part: str, notification: Notification | None = None) -> dict[str, Any]:
    """Return the metadata of a message. Every app in the workspace may read it: names, no secrets."""
    named = {"incident": notification.incident, "generation": notification.generation} if notification else {}
    return {"event_type": EVENT_TYPE, "event_payload": {"attempt": attempt, "part": part, **named}}


def note_attempt(
    message: Mapping[str, Any], channel: str, attempts: tuple[str, ...], found: dict[str, MessageRef]
) -> None:
    """Add the message to `found` if one of these attempts made it."""
    metadata = message.get("metadata") or {}
    attempt = (metadata.get("event_payload") or {}).get("attempt")
    if metadata.get("event_type") == EVENT_TYPE and attempt in attempts:
        found[attempt] = MessageRef(str(message.get("ts", "")), channel)
