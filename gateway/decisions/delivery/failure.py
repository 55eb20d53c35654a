"""Write down that a try has failed: when the next one is, that there
is none, and that others are told instead.
"""

from __future__ import annotations

import msgspec

from gateway.model.durations import SECOND
from gateway.model.ledger import Intent, LastNotified, Ledger
from gateway.model.notification import Refused

FIRST_BACKOFF_MS = 500
LONGEST_BACKOFF_MS = 30 * SECOND


def dead_letter(ledger: Ledger, refused: LastNotified, answer: Refused, now: int) -> Ledger:
    return msgspec.structs.replace(
        ledger,
        intent=None,
        dead=answer.reason,
        refused=refused,
        error=answer.detail or answer.reason,
        attempts=ledger.attempts + 1,
        failing_since=ledger.failing_since or now,
        next_try=None,
    )


def back_off(
    ledger: Ledger, error: str, now: int, *, wait: int, intent: Intent | None, update: bool
) -> Ledger:
    """Back off: `wait` ms where the vendor said so, else longer with each try.

    `update`: what was tried is no more than an update. What must be heard begins with the shortest wait
    after it.
    """
    attempts = 1 if ledger.update_failed and not update else ledger.attempts + 1
    backoff = min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS << min(attempts - 1, 8))
    return msgspec.structs.replace(
        ledger,
        intent=intent,
        attempts=attempts,
        failing_since=ledger.failing_since or now,
        next_try=now + (wait or backoff),
        error=error,
        update_failed=update,
    )


def fall_back(ledger: Ledger, fallback_after: int, now: int) -> Ledger:
    """Let the fallback take over as well, once the target was tried in vain for `fallback_after` ms."""
    if ledger.fell_back_at or ledger.failing_since is None or now - ledger.failing_since < fallback_after:
        return ledger
    return msgspec.structs.replace(ledger, fell_back_at=now)


def forget_failure(ledger: Ledger, fallback_after: int, now: int) -> Ledger:
    """Return the ledger of a target that nobody waits for without its failure of before, once the last try is
    `fallback_after` ms ago.

    What fires there later is tried first: people at the fallback are not told of an outage that is over.
    """
    last_try = ledger.next_try  # half a minute later at most
    if ledger.dead or last_try is None or now - last_try < fallback_after:
        return ledger
    return msgspec.structs.replace(
        ledger, attempts=0, failing_since=None, next_try=None, error="", update_failed=False
    )
