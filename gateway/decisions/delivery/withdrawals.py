"""Take back an extra message: what the vendor's answer to it means."""

from __future__ import annotations

import msgspec

from gateway.decisions.delivery.failure import back_off, dead_letter
from gateway.model.ledger import Ledger
from gateway.model.notification import UNKNOWN_REASON, Answer, Delivered, Refused
from gateway.model.refusals import SCOPES, RefusalScope

MOST_WITHDRAWALS = 20  # of one extra message, within some minutes


def withdrawal_tells(ledger: Ledger, answer: Answer) -> bool:
    """Return whether the answer to the withdrawal of the first extra message says
    something of the destination.

    The channel of an extra message may be no more, or shut for us, while people read on in another one.
    """
    there = ledger.message_ref is not None and ledger.message_ref.channel == ledger.orphans[0].channel
    scope = SCOPES.get(answer.reason) if isinstance(answer, Refused) else RefusalScope.PLACE
    return scope in (RefusalScope.PROXY, RefusalScope.CREDENTIAL) or (there and scope is RefusalScope.PLACE)


def withdrawn(ledger: Ledger, answer: Answer, now: int) -> Ledger:
    """Return the ledger after an attempt to take back the first extra message."""
    if isinstance(answer, Delivered):
        return _without_orphan(ledger)
    if isinstance(answer, Refused) and answer.permanent and withdrawal_tells(ledger, answer):
        # Everything is refused there: the extra message is taken back when the destination takes calls again.
        return dead_letter(ledger, ledger.last_notified, answer, now)
    if isinstance(answer, Refused) and (answer.permanent or answer.gone):
        # It is gone, or the vendor will never let us delete it: nobody can do more about it.
        return msgspec.structs.replace(ledger, orphans=ledger.orphans[1:])
    if (
        isinstance(answer, Refused)
        and answer.reason == UNKNOWN_REASON
        and ledger.attempts >= MOST_WITHDRAWALS
    ):
        # The vendor goes on refusing it for a reason that nobody knows: whoever reads there sees it twice.
        return _without_orphan(ledger)
    # What people read of a dead letter is why it was refused, and not how its extra message fares.
    why = ledger.error if ledger.dead else answer.reason
    return back_off(ledger, why, now, wait=0, intent=ledger.intent, update=True)


def _without_orphan(ledger: Ledger) -> Ledger:
    """Return the ledger without its first extra message, which no longer concerns it."""
    rest = msgspec.structs.replace(ledger, orphans=ledger.orphans[1:])
    # A dead letter stays one, with its reason: what the vendor refused is untold still.
    return rest if rest.dead else msgspec.structs.replace(rest, attempts=0, failing_since=None, error="")
