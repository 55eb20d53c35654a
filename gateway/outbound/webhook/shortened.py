"""A notification whose texts are too long for a body, even without any alert, is shortened here."""

from __future__ import annotations

import msgspec

from gateway.model.notification import Notification
from gateway.model.worded import Quieted
from gateway.outbound.wording import shorten

MAX_TEXT = 10_000  # characters of one value, where a body would be too large
WHERE_SHOWN = 50


def shortened(notification: Notification) -> Notification:
    """Shorten the texts of what is too large even without any alert."""
    where = {
        shorten(name, MAX_TEXT // 10): shorten(value, MAX_TEXT // 10)
        for name, value in [*notification.where.items()][:WHERE_SHOWN]
    }
    names = (
        "title",
        "thing",
        "acknowledged_by",
        "closed_by",
        "moved_to",
        "owner",
        "rule",
        "reason",
        "previous",
    )
    texts = {name: shorten(getattr(notification, name), MAX_TEXT) for name in names}
    quieted, hidden = _short(notification.quieted), _short(notification.hidden)
    return msgspec.structs.replace(notification, where=where, quieted=quieted, hidden=hidden, **texts)


def _short(quieted: Quieted | None) -> Quieted | None:
    if quieted is None:
        return None
    rule, because = shorten(quieted.rule, MAX_TEXT), shorten(quieted.because, MAX_TEXT)
    return msgspec.structs.replace(quieted, rule=rule, because=because)
