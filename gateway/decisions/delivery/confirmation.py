"""Hold the end of a page back until its vendor shows the page, where a trigger went unanswered.

A trigger that acts after the end would open a page that nobody ends. Whoever reads the vendor says when the
page is there; it is not waited for longer than two looks take.
"""

from __future__ import annotations

import msgspec

from gateway.model.durations import SECOND
from gateway.model.ledger import Intent, LastNotified, Ledger, NotifiedState, Part
from gateway.model.notification import Answer, Unanswered

SHOWN_WITHIN = 150 * SECOND  # a look each minute, and the time that it takes


def awaiting(ledger: Ledger, intent: Intent, answer: Answer, now: int) -> Ledger:
    """Return the ledger after an answer to the intent, at a vendor that
    is read: its end waits if nobody knows whether a trigger was taken.
    """
    fires = intent.part is Part.MESSAGE and intent.last_notified.state is NotifiedState.FIRING
    if not fires or not isinstance(answer, Unanswered):
        return ledger
    return msgspec.structs.replace(ledger, end_waits_until=now + SHOWN_WITHIN)


def end_waits_until(ledger: Ledger, desired: LastNotified, now: int) -> int | None:
    """Return until when an end is held back, None where it is not."""
    until = ledger.end_waits_until
    waits = until is not None and now < until and desired.state is not NotifiedState.FIRING
    return until if waits else None


def confirmed(ledger: Ledger) -> Ledger | None:
    """Return the ledger of a page that its vendor shows, None where nothing waits for that."""
    if ledger.end_waits_until is None:
        return None
    return msgspec.structs.replace(ledger, end_waits_until=None)
