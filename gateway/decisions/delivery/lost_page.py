"""What becomes of a page that its vendor has taken while its service was in maintenance: it has called nobody yet."""

from __future__ import annotations

from gateway.model.ledger import Intent, Ledger, NotifiedState


def lost_after(ledger: Ledger, intent: Intent, now: int) -> int | None:
    """Return until when the page is lost still, once the vendor has taken this intent (ms); None for a
    page that calls people, or is over.
    """
    fires = intent.last_notified.state is NotifiedState.FIRING
    until = ledger.lost_until
    return until if until is not None and now < until and fires else None


def calls_at_last(ledger: Ledger, intent: Intent, now: int) -> bool:
    """Return whether this intent, which the vendor has taken, calls people of whom the lost page has reached none."""
    fires = intent.last_notified.state is NotifiedState.FIRING and intent.last_notified.paged
    return ledger.lost_until is not None and ledger.lost_until <= now and fires
