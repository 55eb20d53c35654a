"""Settle: what an answer, or a look at what arrived, means for a ledger."""

from __future__ import annotations

from typing import assert_never

import msgspec

from gateway.decisions.delivery.thread_notes import notes_of
from gateway.model.durations import MINUTE, SECOND
from gateway.model.ledger import Intent, Ledger, MessageRef, NotifiedState, Part
from gateway.model.notification import Answer, Delivered, Found, Look, Notification, Refused, Unanswered

SEND_TIMEOUT = 8 * SECOND
READ_BACK_WAIT = 16 * SECOND  # the promise of 15 s, and the vendor's clock may tick a little later
LATE_ACT = 30 * SECOND  # after an unanswered send the newest state is said once more, this much later
SUSPECT_LOOK = 60 * SECOND
SUSPECT_LOOKS_END = 15 * MINUTE
LONGEST_BACKOFF = 30 * SECOND
LOOK_STEPS = (SECOND, 2 * SECOND, 4 * SECOND, 9 * SECOND)


def settle(ledger: Ledger, notification: Notification | None, answer: Answer, now: int, *, looks: bool, notes: bool) -> Ledger:
    """The ledger after an answer to its intent. `notification` is what was sent, None for a reply or a read-back.

    `looks` and `notes`: this kind of destination settles unanswered sends by looking, and takes notes.
    """
    intent = ledger.intent
    assert intent is not None
    match answer:
        case Delivered(message_ref):
            settled = _delivered(ledger, intent, notification if notes else None, message_ref, now)
            return settled if intent.part is Part.REPLY else _be_careful(settled, now, looks=looks)
        case Refused(gone=True):
            return msgspec.structs.replace(ledger, intent=None, message_ref=None, endpoint=ledger.endpoint, repeat_at=1)
        case Refused(permanent=True):
            return _refused_for_good(ledger, intent, answer, now)
        case Refused():
            ambiguous = ledger.unconfirmed_since and not looks  # an earlier try may have arrived: it goes on being assumed
            return _failed(ledger, answer.reason, now, wait=answer.retry_after, intent=intent if ambiguous else None)
        case Unanswered():
            if intent.creates_message and looks:
                doubtful = msgspec.structs.replace(ledger, unconfirmed_since=now)
                return _failed(doubtful, answer.reason, now, wait=LOOK_STEPS[0], intent=intent)
            doubtful = msgspec.structs.replace(ledger, unconfirmed_since=ledger.unconfirmed_since or now)
            return _failed(doubtful, answer.reason, now, wait=answer.retry_after, intent=None if looks else intent)
    assert_never(answer)


def _delivered(ledger: Ledger, intent: Intent, notification: Notification | None, message_ref: MessageRef, now: int) -> Ledger:
    """`notification` makes the notes that are owed now; None where nobody takes any."""
    calm = msgspec.structs.replace(ledger, intent=None, attempts=0, failing_since=0, next_try=0, error="", dead="", repeat_at=0)
    if intent.part is Part.REPLY:
        rest = tuple(note for note in ledger.pending_notes if note not in intent.notes)
        return msgspec.structs.replace(calm, pending_notes=rest, repeat_at=ledger.repeat_at)  # it says nothing of the state
    pending_notes = ledger.pending_notes
    if notification is not None:
        pending_notes = (*pending_notes, *intent.notes, *notes_of(ledger.last_notified, intent.last_notified, notification))
    return msgspec.structs.replace(
        calm,
        last_notified=intent.last_notified,
        generation=intent.generation,
        revision=intent.revision,
        notified_at=now,
        first_notified_at=ledger.first_notified_at or now,
        message_ref=message_ref,
        pending_notes=pending_notes,
    )


def _be_careful(ledger: Ledger, now: int, *, looks: bool) -> Ledger:
    """A send that went unanswered may still act: say the newest state once more, when it must have done so."""
    if not ledger.unconfirmed_since:
        return ledger
    if now - ledger.unconfirmed_since >= LATE_ACT and ledger.repeat_at == 0 and looks:
        return msgspec.structs.replace(ledger, unconfirmed_since=0)
    if not looks and ledger.last_notified.state is NotifiedState.FIRING:
        return ledger  # a late trigger changes nothing while it fires
    return msgspec.structs.replace(ledger, repeat_at=now + LATE_ACT, unconfirmed_since=0)


def _refused_for_good(ledger: Ledger, intent: Intent, answer: Refused, now: int) -> Ledger:
    if intent.part is Part.REPLY:  # a thread reply is never worth a dead letter of its own
        return msgspec.structs.replace(ledger, intent=None, pending_notes=(), error=answer.reason)
    return msgspec.structs.replace(
        ledger,
        intent=None,
        dead=answer.reason,
        refused=intent.last_notified,
        error=answer.detail or answer.reason,
        attempts=ledger.attempts + 1,
        failing_since=ledger.failing_since or now,
        fell_back_at=ledger.fell_back_at or now,
        next_try=0,
    )


def _failed(ledger: Ledger, error: str, now: int, *, wait: int, intent: Intent | None) -> Ledger:
    attempts = ledger.attempts + 1
    backoff = min(LONGEST_BACKOFF, 500 << min(attempts - 1, 8))
    return msgspec.structs.replace(
        ledger,
        intent=intent,
        attempts=attempts,
        failing_since=ledger.failing_since or now,
        next_try=now + (wait or backoff),
        error=error,
    )


def fall_back(ledger: Ledger, fallback_after: int, now: int) -> Ledger:
    """After `fallback_after` of trying, the fallback takes over as well."""
    if ledger.fell_back_at or not ledger.failing_since or now - ledger.failing_since < fallback_after:
        return ledger
    return msgspec.structs.replace(ledger, fell_back_at=now)


def looked(ledger: Ledger, notification: Notification | None, look: Look, now: int) -> Ledger:
    """The ledger after a read-back. Where reading back is not allowed, only the wait is left: to be told twice is better than
    not at all."""
    intent = ledger.intent if ledger.intent is not None and ledger.intent.creates_message else None
    blind = isinstance(look, Refused) and look.permanent
    if blind and (intent is None or now - (ledger.unconfirmed_since or intent.at) >= READ_BACK_WAIT):
        look = Found({})
    if not isinstance(look, Found):
        later = msgspec.structs.replace(ledger, look_at=now + SUSPECT_LOOK)
        if intent is None:  # only suspects were looked for: what the target believes is not in doubt
            return later
        return _failed(later, look.reason, now, wait=look.retry_after if isinstance(look, Refused) else 0, intent=intent)
    if intent is not None:
        return _settle_intent(ledger, intent, notification, look, now)
    late = tuple(look.message_refs[one.attempt] for one in ledger.unconfirmed if one.attempt in look.message_refs)
    remaining = tuple(
        one for one in ledger.unconfirmed if one.attempt not in look.message_refs and now - one.at < SUSPECT_LOOKS_END
    )
    again = now + (SUSPECT_LOOK if now - min((one.at for one in remaining), default=now) < 3 * SUSPECT_LOOK else 5 * MINUTE)
    return msgspec.structs.replace(
        ledger, unconfirmed=remaining, orphans=ledger.orphans + late, look_at=again if remaining else 0
    )


def _settle_intent(ledger: Ledger, intent: Intent, notification: Notification | None, look: Found, now: int) -> Ledger:
    """Of what arrived, the newest attempt that says what is still to be said counts; the others are extras."""
    arrived = [one for one in (intent, *reversed(ledger.unconfirmed)) if one.attempt in look.message_refs]
    counts = next((one for one in arrived if one.part is intent.part and set(one.notes) <= set(ledger.pending_notes)), None)
    orphans = ledger.orphans + tuple(look.message_refs[one.attempt] for one in arrived if one is not counts)
    unconfirmed = tuple(one for one in ledger.unconfirmed if one not in arrived)
    ledger = msgspec.structs.replace(ledger, orphans=orphans, unconfirmed=unconfirmed)
    if counts is not None:
        unconfirmed += () if intent in arrived else (intent,)
        settled = _delivered(ledger, counts, notification, look.message_refs[counts.attempt], now)
        later = now + SUSPECT_LOOK if unconfirmed else 0
        return msgspec.structs.replace(settled, unconfirmed=unconfirmed, look_at=later, unconfirmed_since=0, repeat_at=0)
    given_up = ledger.unconfirmed_since or intent.at + SEND_TIMEOUT
    waited = now - given_up
    if waited < READ_BACK_WAIT:
        step = next((one for one in LOOK_STEPS if waited < one), LOOK_STEPS[-1])
        return msgspec.structs.replace(ledger, next_try=min(now + step, given_up + READ_BACK_WAIT))
    return msgspec.structs.replace(
        ledger,
        intent=None,
        unconfirmed=(*unconfirmed, intent),
        look_at=now + SUSPECT_LOOK,
        unconfirmed_since=0,
        next_try=0,
    )


def withdrawn(ledger: Ledger, answer: Answer, now: int) -> Ledger:
    if isinstance(answer, Delivered) or (isinstance(answer, Refused) and (answer.permanent or answer.gone)):
        return msgspec.structs.replace(ledger, orphans=ledger.orphans[1:])
    return _failed(ledger, answer.reason, now, wait=0, intent=ledger.intent)
