"""One alert of an incident in one line of plain text, worded alike for every destination."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.model.durations import SECOND, spoken
from gateway.model.ledger import NotifiedState
from gateway.model.notification import AlertLine, Notification
from gateway.outbound.signs import SEVERITY_SIGNS, STATE_SIGNS
from gateway.outbound.wording import own_labels, shorten, tame

MAX_NAME, MAX_LABEL, MAX_VALUE = 80, 40, 80  # characters


def alert_text(line: AlertLine, notification: Notification, labels_shown: int) -> str:
    """Say what became of the alert, and what tells it from the others, which is all that a reader wants here."""
    what = f"{shorten(tame(line.name), MAX_NAME)}{_apart(line, notification, labels_shown)}"
    lasted = spoken(line.ended_at - line.started_at) if line.ended_at else ""
    return f"{_sign_of(line)} {what}{_what_became(line, lasted) or _later(line, notification)}"


def alike_text(lines: Sequence[AlertLine], apart: str, notification: Notification) -> str:
    """Say the same of several alerts of one name and state; `apart` tells them from each other."""
    first = lines[0]
    what = f"{_sign_of(first)} {shorten(tame(first.name), MAX_NAME)} ×{len(lines)}: {apart}"
    lasted = max((line.ended_at or line.started_at) - line.started_at for line in lines)
    became = _what_became(first, f"{spoken(lasted)} at most")
    last = max(lines, key=lambda line: line.started_at)
    return f"{what}{became or _later(last, notification, 'the last ')}"


def _what_became(line: AlertLine, lasted: str) -> str:
    """Say what became of an alert that fires here no more, or of which no news is told; else nothing."""
    if line.ended_at:
        because = f": {shorten(tame(line.ended_because), MAX_VALUE)}" if line.ended_because else ""
        return f", ended after {lasted}{because}"
    # It may still fire: whoever reads this must not take it for resolved.
    if line.moved:
        return ", told here no longer"
    return f", {shorten(tame(line.silenced_after_notify), MAX_VALUE)}" if line.silenced_after_notify else ""


def _sign_of(line: AlertLine) -> str:
    if line.ended_at:
        return "⏹️" if line.ended_because else STATE_SIGNS[NotifiedState.ENDED]
    if line.moved:
        return STATE_SIGNS[NotifiedState.MOVED]
    return "🔕" if line.silenced_after_notify else SEVERITY_SIGNS[line.severity]


def _apart(line: AlertLine, notification: Notification, labels_shown: int) -> str:
    own, more = own_labels(line, notification, labels_shown)
    labels = [f"{shorten(tame(name), MAX_LABEL)}={shorten(tame(value), MAX_VALUE)}" for name, value in own]
    often = line.often.how_often() if line.often is not None else ""
    parts = [*labels, *([more] if more else []), *([f"({often})"] if often else [])]
    return "".join(f" {part}" for part in parts)


def _later(line: AlertLine, notification: Notification, which: str = "") -> str:
    """Say how long after the first alert it began: plain text knows no time zone of its reader."""
    later = line.started_at - notification.started_at
    return f", {which}{spoken(later)} later" if later >= SECOND else ""
