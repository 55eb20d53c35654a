"""The list of an incident's alerts in a Slack message, a line for each."""

from __future__ import annotations

from gateway.model.ledger import NotifiedState
from gateway.model.notification import AlertLine, Notification
from gateway.outbound.signs import SEVERITY_SIGNS, STATE_SIGNS
from gateway.outbound.slack.text import moment, plain
from gateway.outbound.wording import own_labels

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
        text = _member(line, notification)
        if size + len(text) > MAX_MEMBERS:
            break
        shown.append(text)
        size += len(text) + 1
    rest = notification.alerts - len(shown)
    return "\n".join([*shown, f"… and {rest} more"] if rest > 0 else shown)


def _member(line: AlertLine, notification: Notification) -> str:
    # Only what tells one alert from the others is worth a reader's time here.
    own, more = own_labels(line, notification, LABELS_SHOWN)
    labels = "".join(f" {plain(name, 40)}={plain(value, 60)}" for name, value in own)
    labels += f" {more}" if more else ""
    often = line.often.how_often() if line.often is not None else ""
    labels += f" ({often})" if often else ""
    if line.ended_at:
        return f"✅ ~{plain(line.name, 80)}~{labels}"
    # It may still fire: whoever reads this must not take it for resolved.
    if line.moved:
        return f"{STATE_SIGNS[NotifiedState.MOVED]} {plain(line.name, 80)}{labels}, told here no longer"
    sign, kept = (
        ("🔕", f", {plain(line.silenced_after_notify, 40)}")
        if line.silenced_after_notify
        else (SEVERITY_SIGNS[line.severity], "")
    )
    return f"{sign} *{plain(line.name, 80)}*{labels} since {moment(line.started_at, notification.at)}{kept}"
