"""Notes about the members of an incident that goes on firing: further alerts, and alerts that fired again.

Both go on lines of the thread, so that an incident that grows or flaps does not flood it. What is new in
kind, and each doubling of the alerts, is a reply of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gateway.decisions.delivery.apart import names_of
from gateway.model.incident import alert_of
from gateway.model.ledger import LastNotified, Note, NotifiedState
from gateway.model.notification import AlertLine, Notification

NAMES_SHOWN = 5  # alerts
AGAIN = "again"  # the line of alerts that fired again
FURTHER = "further "  # the line of alerts that joined, with how many people knew when it began


def joined_of(
    before: LastNotified, after: LastNotified, notification: Notification, lines: Collection[str]
) -> Note | None:
    """Return the note about alerts that are new in the incident; `lines` are those of the thread so far."""
    new, _ = _fire_newly(before, after, notification)
    # What fires again after an end has a note of its own: its alerts are not further ones.
    if before.state is not NotifiedState.FIRING or not new:
        return None
    fresh = {line.episode for line in new}
    known = {line.name for line in notification.lines if line.episode not in fresh}
    kinds = [line.name for line in new if line.name not in known]
    # Another kind of alert is news for whoever works on it.
    if kinds:
        return _joined(new, notification)
    known_before = len({alert_of(episode) for episode in before.members})
    begun = max((int(name.removeprefix(FURTHER)) for name in lines if name.startswith(FURTHER)), default=0)
    # So is a doubling. Everything else is an edit: a rolling outage of 30 pods is not 30 replies.
    since = begun if known_before < 2 * begun else known_before
    earlier = _joined_earlier(since, new, after, notification)
    return _joined([*new, *earlier], notification, line=f"{FURTHER}{since}")


def _joined(lines: Sequence[AlertLine], notification: Notification, line: str = "") -> Note:
    said = f"+{len(lines)}, {notification.firing} fire now; new: {_names(lines, notification)}"
    return Note(f"➕ {notification.title}: {said}", line=line)


def _joined_earlier(
    since: int, new: Sequence[AlertLine], after: LastNotified, notification: Notification
) -> list[AlertLine]:
    """Return what joined after the first `since` alerts and before the new ones, the newest first.

    An edit takes the place of what was said, and must not forget it.
    """
    place = {alert: at for at, alert in enumerate(dict.fromkeys(map(alert_of, after.members)))}
    said = {line.episode for line in new} | notification.churning
    earlier = [line for line in notification.lines if line.episode not in said]
    further = [line for line in earlier if place.get(alert_of(line.episode), 0) >= since]
    return sorted(further, key=lambda line: -place[alert_of(line.episode)])


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
    return [line for line in fresh if alert_of(line.episode) not in known], again


def _names(lines: Sequence[AlertLine], notification: Notification) -> str:
    names = list(dict.fromkeys(names_of(lines, notification.lines)))
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(names[:NAMES_SHOWN]) + more
