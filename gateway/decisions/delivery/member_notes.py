"""Notes about the members of an incident that goes on firing: further alerts, and alerts that fired again.

Both go on lines of the thread, so that an incident that grows or flaps does not flood it. What is new in
kind, and each doubling of what fires, is a reply of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.decisions.delivery.apart import names_of
from gateway.model.incident import alert_of
from gateway.model.ledger import LastNotified, Note, NotifiedState
from gateway.model.notification import AlertLine, Notification

NAMES_SHOWN = 5  # alerts
AGAIN = "again"  # the line of alerts that fired again


def joined_of(before: LastNotified, after: LastNotified, notification: Notification) -> Note | None:
    """Return the note about alerts that are new in the incident."""
    new, _ = _fire_newly(before, after, notification)
    # What fires again after an end has a note of its own: its alerts are not further ones.
    if before.state is not NotifiedState.FIRING or not new:
        return None
    known = {line.name for line in notification.lines if line not in new}
    kinds = [line.name for line in new if line.name not in known]
    # Another kind of alert is news for whoever works on it, and so is a doubling. Everything else is an edit:
    # a rolling outage of 30 pods is not 30 replies.
    line = "" if kinds else f"joined {notification.firing.bit_length()}"
    said = f"+{len(new)}, {notification.firing} fire now; new: {_names(new, notification)}"
    return Note(f"➕ {notification.title}: {said}", line=line)


def again_of(before: LastNotified, after: LastNotified, notification: Notification) -> Note | None:
    """Return the note about alerts that fired again, of which people have not been told the end yet."""
    _, again = _fire_newly(before, after, notification)
    if before.state is not NotifiedState.FIRING or not again:
        return None
    if len(again) > 1:
        said = f"{len(again)} alerts fired again: {_names(again, notification)}"
    else:
        often = again[0].often.how_often() if again[0].often is not None else ""
        name = f"{_names(again, notification)} " if notification.alerts > 1 else ""
        said = f"{name}fired again{f', {often}' if often else ''}"
    return Note(f"↻ {notification.title}: {said}", line=AGAIN)


def _fire_newly(
    before: LastNotified, after: LastNotified, notification: Notification
) -> tuple[list[AlertLine], list[AlertLine]]:
    """Return the lines of alerts that are new in the incident, and of those that fire once more."""
    known = {alert_of(episode) for episode in before.members}
    # Whoever silenced an alert wants no news of each time that it fires meanwhile.
    firing = [
        line
        for line in notification.lines
        if after.members.get(line.episode) and not line.silenced_after_notify
    ]
    # Another value of a label that churns is the alert that people know, however it is called now.
    fresh = [
        line
        for line in firing
        if line.episode not in before.members and line.episode not in notification.churning
    ]
    again = [line for line in fresh if alert_of(line.episode) in known]
    return [line for line in fresh if line not in again], again


def _names(lines: Sequence[AlertLine], notification: Notification) -> str:
    names = list(dict.fromkeys(names_of(lines, notification.lines)))
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(names[:NAMES_SHOWN]) + more
