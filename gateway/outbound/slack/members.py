"""The list of an incident's alerts in a Slack message, in plain text."""

from __future__ import annotations

from itertools import islice

from gateway.model.notification import Notification
from gateway.outbound.alert_rows import alert_rows

MAX_MEMBERS = 2_500  # characters of the whole list and of those who are called
ROWS_SHOWN = 10
LABELS_SHOWN = 4


def members_of(notification: Notification, most: int = MAX_MEMBERS) -> str:
    # The headline and the facts say everything about one alert; a list would only repeat it.
    if len(notification.lines) < 2:
        return ""
    shown: list[str] = []
    size, rest = 0, notification.alerts
    for row in islice(alert_rows(notification, LABELS_SHOWN), ROWS_SHOWN):
        if size + len(row.text) > most:
            break
        shown.append(row.text)
        size += len(row.text) + 1
        rest -= row.alerts
    return "\n".join([*shown, f"… and {rest} more"] if rest > 0 else shown)
