"""Settle sends that went unanswered by what a read-back of the vendor's side has found."""

from __future__ import annotations

import msgspec

from gateway.decisions.delivery.settle import LOOK_STEPS_MS, back_off, record_delivery
from gateway.model.durations import MINUTE, SECOND
from gateway.model.ledger import Intent, Ledger
from gateway.model.notification import Found, Look, Notification, Refused

SEND_TIMEOUT_MS = 8 * SECOND
# How long to search for an unanswered Slack post before repeating it: 15 s plus 1 s for the vendor's clock
READ_BACK_WAIT_MS = 16 * SECOND
UNCONFIRMED_LOOK_MS = 60 * SECOND
UNCONFIRMED_FIRST_LOOKS_MS = 3 * UNCONFIRMED_LOOK_MS
UNCONFIRMED_LATER_LOOK_MS = 5 * MINUTE
UNCONFIRMED_LOOKS_END_MS = 15 * MINUTE


def looked(ledger: Ledger, notification: Notification | None, look: Look, now: int) -> Ledger:
    """Return the ledger after a read-back."""
    intent = ledger.intent if ledger.intent is not None and ledger.intent.creates_message else None
    may_not_look = isinstance(look, Refused) and look.permanent
    if may_not_look and (
        intent is None or now - (ledger.unconfirmed_since or intent.at) >= READ_BACK_WAIT_MS
    ):
        # Reading back is not allowed, so only the wait is left: to be told twice is better than not to be
        # told.
        look = Found({})
    if not isinstance(look, Found):
        # The vendor could not be asked: the person on call may or may not have the message, so it stays open.
        later = msgspec.structs.replace(ledger, look_at=now + UNCONFIRMED_LOOK_MS)
        if intent is None:
            # Only earlier sends were looked for: what the target was notified of is not in doubt.
            return later
        wait = look.retry_after if isinstance(look, Refused) else 0
        return back_off(later, look.reason, now, wait=wait, intent=intent)
    if intent is not None:
        return _settle_intent(ledger, intent, notification, look, now)
    return _looked_for_unconfirmed(ledger, look, now)


def _looked_for_unconfirmed(ledger: Ledger, look: Found, now: int) -> Ledger:
    """Withdraw what has arrived late, and look again for what is young enough that it may still arrive."""
    late = tuple(
        look.message_refs[sent.attempt] for sent in ledger.unconfirmed if sent.attempt in look.message_refs
    )
    remaining = tuple(
        sent
        for sent in ledger.unconfirmed
        if sent.attempt not in look.message_refs and now - sent.at < UNCONFIRMED_LOOKS_END_MS
    )
    oldest = min((sent.at for sent in remaining), default=now)
    wait = UNCONFIRMED_LOOK_MS if now - oldest < UNCONFIRMED_FIRST_LOOKS_MS else UNCONFIRMED_LATER_LOOK_MS
    look_at = now + wait if remaining else None
    return msgspec.structs.replace(
        ledger, unconfirmed=remaining, orphans=ledger.orphans + late, look_at=look_at
    )


def _settle_intent(
    ledger: Ledger, intent: Intent, notification: Notification | None, look: Found, now: int
) -> Ledger:
    """Settle an intent by what a look has found.

    If several attempts arrived, keep the newest one that still says something needed; the others are orphans
    to delete.
    """
    arrived = [sent for sent in (intent, *reversed(ledger.unconfirmed)) if sent.attempt in look.message_refs]
    pending = set(ledger.pending_notes)
    counts = next((sent for sent in arrived if sent.part is intent.part and set(sent.notes) <= pending), None)
    orphans = ledger.orphans + tuple(
        look.message_refs[sent.attempt] for sent in arrived if sent is not counts
    )
    unconfirmed = tuple(sent for sent in ledger.unconfirmed if sent not in arrived)
    ledger = msgspec.structs.replace(ledger, orphans=orphans, unconfirmed=unconfirmed)
    if counts is not None:
        # People have the message: nothing is posted again, and other copies of it are withdrawn.
        unconfirmed += () if intent in arrived else (intent,)
        settled = record_delivery(ledger, counts, notification, look.message_refs[counts.attempt], now)
        look_at = now + UNCONFIRMED_LOOK_MS if unconfirmed else None
        return msgspec.structs.replace(
            settled, unconfirmed=unconfirmed, look_at=look_at, unconfirmed_since=None, repeat_at=None
        )
    unanswered_at = ledger.unconfirmed_since or intent.at + SEND_TIMEOUT_MS
    waited = now - unanswered_at
    if waited < READ_BACK_WAIT_MS:
        # It may still arrive: looked for again, at growing distances, until the wait is over.
        step = next((step for step in LOOK_STEPS_MS if waited < step), LOOK_STEPS_MS[-1])
        return msgspec.structs.replace(ledger, next_try=min(now + step, unanswered_at + READ_BACK_WAIT_MS))
    # It has not arrived within the wait: it is sent again, and the first one is looked for later, to be
    # withdrawn.
    return msgspec.structs.replace(
        ledger,
        intent=None,
        unconfirmed=(*unconfirmed, intent),
        look_at=now + UNCONFIRMED_LOOK_MS,
        unconfirmed_since=None,
        next_try=None,
    )
