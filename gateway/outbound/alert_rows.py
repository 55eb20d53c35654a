"""The alerts of an incident in rows of plain text, for every destination: alerts of one kind share a row
where one thing tells them apart, such as `HighErrorRate ×7: cart-0…5, frontend`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gateway.decisions.delivery.apart import differing_labels
from gateway.decisions.delivery.titles import folded
from gateway.model.notification import AlertLine, Notification
from gateway.outbound.alert_text import MAX_LABEL, MAX_VALUE, alert_text, alike_text
from gateway.outbound.wording import shorten, tame

THINGS_SHOWN = 6  # runs of names in one row
MAX_THINGS = 300  # characters


class AlertRow(NamedTuple):
    """One row about `alerts` alerts. `over`: they have ended here, or are told elsewhere."""

    text: str
    alerts: int
    over: bool


def alert_rows(notification: Notification, labels_shown: int) -> Iterator[AlertRow]:
    """Yield a row for all alerts of one kind and state, or for each of them where one
    word cannot tell them apart.
    """
    alike: dict[tuple[object, ...], list[AlertLine]] = {}
    for line in notification.lines:
        over = line.ended_at is not None
        key = (line.name, line.severity, over, line.ended_because, line.moved, line.silenced_after_notify)
        alike.setdefault(key, []).append(line)
    for lines in alike.values():
        over = lines[0].ended_at is not None or lines[0].moved
        apart = _apart(lines)
        if apart:
            yield AlertRow(alike_text(lines, apart, notification), len(lines), over)
        else:
            # What differs takes more than a word, or one of them flaps: each is worth its own row.
            for line in lines:
                yield AlertRow(alert_text(line, notification, labels_shown), 1, over)


def _apart(lines: Sequence[AlertLine]) -> str:
    """Return what tells the alerts apart in one list, empty where that is not one thing or one label."""
    if len(lines) < 2 or any(line.often is not None and line.often.how_often() for line in lines):
        return ""
    differing = differing_labels(lines)
    if len(differing) == 1 and all(line.labels.get(differing[0]) for line in lines):
        # The label is named: that is what a person searches for, or silences by.
        values = [line.labels[differing[0]] for line in lines]
        return f"{shorten(tame(differing[0]), MAX_LABEL)}={_listed(values)}"
    things = {line.thing for line in lines}
    return _listed(_things_of(lines)) if all(things) and len(things) == len(lines) else ""


def _listed(texts: Sequence[str]) -> str:
    shown = [shorten(tame(text), MAX_VALUE) for text in texts]
    return shorten(folded(shown, THINGS_SHOWN), MAX_THINGS)


def _things_of(lines: Sequence[AlertLine]) -> list[str]:
    """Return the things of the alerts, without the namespace that all of them are in."""
    scopes = {line.scope for line in lines}
    shared = f"{scopes.pop()}/" if len(scopes) == 1 and "" not in scopes else ""
    return [line.thing.removeprefix(shared) for line in lines]
