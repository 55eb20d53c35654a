"""The list of an incident's alerts in a Slack message, a line for each, in plain text."""

from __future__ import annotations

from gateway.model.notification import Notification
from gateway.outbound.alert_text import alert_text

MAX_MEMBERS = 2_500  # characters of the whole list
MEMBERS_SHOWN = 10
LABELS_SHOWN = 4


def members_of(notification: Notification) -> str:
    # The headline and the facts say everything about one alert; a list would only repeat it.
    if len(notification.lines) < 2:
        return ""
    shown: list[str] = []
    size = 0
    for line in notification.lines[:MEMBERS_SHOWN]:
        text = alert_text(line, notification, LABELS_SHOWN)
        if size + len(text) > MAX_MEMBERS:
            break
        shown.append(text)
        size += len(text) + 1
    rest = notification.alerts - len(shown)
    return "\n".join([*shown, f"… and {rest} more"] if rest > 0 else shown)
