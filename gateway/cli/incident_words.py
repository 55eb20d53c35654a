"""The words and colours in which an incident is shown to people, in a list and by itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from gateway.clock import utc_now
from gateway.model.durations import spoken

COLOURS = {"critical": "bold red", "error": "red", "warning": "yellow", "info": "cyan"}
# What keeps news of an incident from people, as it stands in
# the list; any other reason is no state of its own.
KEPT_QUIET = {
    "silenced": "SILENCED",
    "muted": "MUTED",
    "maintenance": "MAINTENANCE",
    "inhibited": "INHIBITED",
    "paused": "PAUSED",
    "snoozed": "SNOOZED",
    "unrouted": "UNROUTED",
    "log_only": "LOG ONLY",
}
UNTOLD = ("held", "undeliverable")


def word_of(incident: dict[str, Any]) -> str:
    """Return what keeps it from people, in capitals; else its state."""
    if incident["state"] == "closed_by_hand":
        return str(incident["state"])
    if incident["reason"] in KEPT_QUIET:
        return KEPT_QUIET[incident["reason"]]
    return str(incident["standing"]).upper() if incident["standing"] in UNTOLD else str(incident["state"])


def age(opened_at: str) -> str:
    elapsed = utc_now() - datetime.fromisoformat(opened_at)
    return spoken(max(0, round(elapsed.total_seconds() * 1000)))
