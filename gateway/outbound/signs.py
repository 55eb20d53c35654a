"""The signs and words by which a reader tells at a glance how bad an incident is and how it ended."""

from __future__ import annotations

from gateway.model.ledger import NotifiedState
from gateway.model.notification import Notification
from gateway.model.severity import Severity

SEVERITY_SIGNS = {severity: severity.sign for severity in Severity}
STATE_SIGNS = {NotifiedState.ENDED: "✅", NotifiedState.CLOSED: "☑️", NotifiedState.MOVED: "➡️"}
STATE_WORDS = {
    NotifiedState.ENDED: "Resolved",
    NotifiedState.CLOSED: "Closed by hand",
    NotifiedState.MOVED: "Moved",
}
QUIETED_WORDS = {
    "silenced": "Silenced",
    "maintenance": "In maintenance",
    "muted": "Muted",
    "inhibited": "Inhibited",
    "paused": "Paused",
    "snoozed": "Snoozed",
}


def final_state(notification: Notification) -> tuple[str, str] | None:
    """Return the sign and the word of what is over for its readers, else None.

    What has ended without a recovery is neither green nor resolved.
    """
    if notification.ended_because:
        return "⏹️", "Ended"
    if notification.state not in STATE_WORDS:
        return None
    return STATE_SIGNS[notification.state], STATE_WORDS[notification.state]


def quieted_state(notification: Notification) -> tuple[str, str] | None:
    """Return the sign and the words of what fires while news of all that fires is
    kept from people, else None.
    """
    if notification.quieted is None or not notification.all_quiet:
        return None
    return "🔕", f"{QUIETED_WORDS[notification.quieted.reason]} ({notification.severity.word})"
