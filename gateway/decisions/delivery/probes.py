"""Decide when a destination that refuses everything is asked again, and with which dead letter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from gateway.model.durations import MINUTE, SECOND
from gateway.model.ledger import Ledger
from gateway.model.refusals import SCOPES, Refusal, Refusals, RefusalScope

WAITS_MS = (MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE)  # before each probe; the last one goes on
# A bot is invited and a receiver is deployed within seconds, so a place is asked sooner the first times. A
# login that is tried too often may be locked: https://www.rfc-editor.org/rfc/rfc4954#section-9
PLACE_WAITS_MS = (15 * SECOND, 45 * SECOND, *WAITS_MS[1:])
PATIENCE_MS = 2 * MINUTE  # a probe that is not answered by then gives way to another one
BY_HAND_PATIENCE_MS = 20 * SECOND  # as above, to one that a person asks for: longer than the longest send


def wait_after(scope: RefusalScope, tries: int, retry_after: int = 0) -> int:
    """Return how long nothing is sent after so many probes in vain (ms), never shorter than the vendor asks."""
    waits = PLACE_WAITS_MS if scope is RefusalScope.PLACE else WAITS_MS
    return max(waits[min(tries, len(waits) - 1)], retry_after)


def is_under_way(refusal: Refusal, now: int) -> bool:
    return bool(refusal.probe) and now - refusal.tried_at < PATIENCE_MS


def may_ask(refusal: Refusal, now: int) -> bool:
    """Return whether a notification that has just become due may ask, although no probe is due.

    A storm of notifications must not become a storm of calls, so the last try has to be a while ago.
    """
    if now < refusal.not_before:
        return False
    first_wait = wait_after(RefusalScope(refusal.scope), 0)
    return not is_under_way(refusal, now) and now - refusal.tried_at >= first_wait


def is_due(refusal: Refusal, mark: str, now: int) -> bool:
    """Return whether a dead letter of this cause is to ask now. `mark` is of the
    credentials and rules of now.
    """
    if refusal.works or is_under_way(refusal, now):
        return False
    # Whoever names a time wants to be asked nothing before it, whatever has changed here.
    if now < refusal.not_before:
        return False
    # Another credential, or other rules, may have mended it: whoever changed them waits to see it work. Each
    # is tried at once a single time, since replicas may hold different values while a credential is rotated.
    return now >= refusal.next_try or not refusal.was_tried_with(mark)


def most_urgent_first(ledgers: Iterable[Ledger]) -> list[Ledger]:
    """Order dead letters by the severity of what was refused, then by age."""
    return sorted(
        ledgers, key=lambda ledger: (-ledger.refused.severity, ledger.failing_since or 0, ledger.key)
    )


def begin_probe(refusals: Refusals, cause: str, key: str, mark: str, now: int) -> Refusals:
    """Return the record with the ledger `key` as the one that asks."""
    asked = msgspec.structs.replace(refusals.causes[cause].tried_with(mark), probe=key, tried_at=now)
    return refusals.having({cause: asked})


def ask_by_hand(refusals: Refusals, cause: str, key: str, now: int) -> Refusals:
    """Return the record with the ledger `key` as the one that asks now, unless an answer is about to come."""
    refusal = refusals.causes.get(cause)
    if refusal is None or refusal.works or _answer_is_near(refusal, now):
        return refusals
    return begin_probe(refusals, cause, key, refusal.mark, now)


def ask_at_once(refusals: Refusals, causes: Iterable[str], now: int) -> Refusals:
    """Return the record with the next probe of these causes due now, unless an answer is about to come."""
    known = {cause: refusals.causes[cause] for cause in causes if cause in refusals.causes}
    return refusals.having({cause: _due_at_once(refusal, now) for cause, refusal in known.items()})


def _due_at_once(refusal: Refusal, now: int) -> Refusal:
    probe = refusal.probe if _answer_is_near(refusal, now) else ""
    return msgspec.structs.replace(refusal, probe=probe, next_try=now)


def _answer_is_near(refusal: Refusal, now: int) -> bool:
    return bool(refusal.probe) and now - refusal.tried_at < BY_HAND_PATIENCE_MS


def put_off(refusals: Refusals, cause: str, mark: str, until: int) -> Refusals:
    """Return the record with the next probe at the time at which a dead letter may be sent at all."""
    waiting = msgspec.structs.replace(refusals.causes[cause].tried_with(mark), next_try=until)
    return refusals.having({cause: waiting})


def adopt(
    refusals: Refusals, dead_letters: Mapping[str, Ledger], marks: Mapping[str, str], now: int
) -> Refusals:
    """Add the causes of these dead letters, by cause, that the record lacks; each is asked at once.

    A version of the gateway that kept no such record has written them, or the record was lost.
    """
    new = {}
    for cause, ledger in dead_letters.items():
        if cause not in refusals.causes and ledger.endpoint is not None:
            since, scope = ledger.failing_since or now, SCOPES[ledger.dead].value
            names = ledger.endpoint.secret_names
            new[cause] = Refusal(scope, ledger.dead, ledger.error, names, marks[cause], since, since, now)
    return refusals.having(new)
