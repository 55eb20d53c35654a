"""What an answer, or a look at what arrived, means for a ledger. `next_step.py` says what is done next.

Three answers are told apart. The vendor took the notification; it certainly did not; or nobody knows, and
then the notification may still arrive. What may have arrived is owed its end, and is never posted a second
time without a look.
"""

from __future__ import annotations

from typing import assert_never

import msgspec

from gateway.decisions.delivery.thread_notes import notes_of
from gateway.model.durations import MINUTE, SECOND
from gateway.model.instants import AT_ONCE
from gateway.model.ledger import Intent, Ledger, MessageRef, NotifiedState, Part
from gateway.model.notification import Answer, Delivered, Found, Look, Notification, Refused, Unanswered

SEND_TIMEOUT_MS = 8 * SECOND
READ_BACK_WAIT_MS = 16 * SECOND  # the promise of 15 s, and the vendor's clock may tick a little later
LATE_ACT_MS = 30 * SECOND  # after an unanswered send the newest state is said once more, this much later
UNCONFIRMED_LOOK_MS = 60 * SECOND
UNCONFIRMED_FIRST_LOOKS_MS = 3 * UNCONFIRMED_LOOK_MS
UNCONFIRMED_LATER_LOOK_MS = 5 * MINUTE
UNCONFIRMED_LOOKS_END_MS = 15 * MINUTE
FIRST_BACKOFF_MS = 500
LONGEST_BACKOFF_MS = 30 * SECOND
LOOK_STEPS_MS = (SECOND, 2 * SECOND, 4 * SECOND, 9 * SECOND)


def settle(
    ledger: Ledger, notification: Notification | None, answer: Answer, now: int, *, looks: bool, notes: bool
) -> Ledger:
    """Return the ledger after an answer to its intent.

    `notification` is what was sent, None for a reply or a read-back. `looks` and `notes` tell whether this
    kind of destination settles unanswered sends by looking, and whether it takes notes.
    """
    intent = ledger.intent
    assert intent is not None
    match answer:
        case Delivered(message_ref):
            settled = _delivered(ledger, intent, notification if notes else None, message_ref, now)
            # A reply says nothing of the state that an earlier unanswered send may still change.
            return (
                settled if intent.part is Part.REPLY else _guard_against_late_act(settled, now, looks=looks)
            )
        case Refused(gone=True):
            # Somebody deleted the message: it is posted anew.
            return msgspec.structs.replace(ledger, intent=None, message_ref=None, repeat_at=AT_ONCE)
        case Refused(permanent=True):
            return _refused_for_good(ledger, intent, answer, now)
        case Refused():
            # An earlier try under the same key may have arrived: it goes on being assumed, so that its end is
            # sent.
            may_have_arrived = ledger.unconfirmed_since is not None and not looks
            kept = intent if may_have_arrived else None
            return _failed(ledger, answer.reason, now, wait=answer.retry_after, intent=kept)
        case Unanswered():
            return _unanswered(ledger, intent, answer, now, looks=looks)
    assert_never(answer)


def _unanswered(ledger: Ledger, intent: Intent, answer: Unanswered, now: int, *, looks: bool) -> Ledger:
    if intent.creates_message and looks:
        # There may be a message now: it is looked for, from the first step of the read-back on.
        doubtful = msgspec.structs.replace(ledger, unconfirmed_since=now)
        return _failed(doubtful, answer.reason, now, wait=LOOK_STEPS_MS[0], intent=intent)
    # An edit is made again, and an event under a key is repeated as the same attempt: both are harmless.
    doubtful = msgspec.structs.replace(ledger, unconfirmed_since=ledger.unconfirmed_since or now)
    return _failed(doubtful, answer.reason, now, wait=answer.retry_after, intent=None if looks else intent)


def _delivered(
    ledger: Ledger, intent: Intent, notification: Notification | None, message_ref: MessageRef, now: int
) -> Ledger:
    """Return the ledger of a target that knows what the intent said.

    `notification` makes the notes that are pending now.
    """
    calm = msgspec.structs.replace(
        ledger, intent=None, attempts=0, failing_since=None, next_try=None, error="", dead="", repeat_at=None
    )
    if intent.part is Part.REPLY:
        rest = tuple(note for note in ledger.pending_notes if note not in intent.notes)
        return msgspec.structs.replace(calm, pending_notes=rest, repeat_at=ledger.repeat_at)
    pending_notes = ledger.pending_notes
    if notification is not None:
        news = notes_of(ledger.last_notified, intent.last_notified, notification)
        pending_notes = (*pending_notes, *intent.notes, *news)
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


def _guard_against_late_act(ledger: Ledger, now: int, *, looks: bool) -> Ledger:
    """Say the newest state once more later, where a send that went unanswered may still act and put an older
    one in its place.
    """
    if ledger.unconfirmed_since is None:
        return ledger
    if now - ledger.unconfirmed_since >= LATE_ACT_MS and ledger.repeat_at is None and looks:
        # So late no vendor acts any more, and the newest state has been said since.
        return msgspec.structs.replace(ledger, unconfirmed_since=None)
    if not looks and ledger.last_notified.state is NotifiedState.FIRING:
        return ledger  # a late trigger changes nothing while it fires
    return msgspec.structs.replace(ledger, repeat_at=now + LATE_ACT_MS, unconfirmed_since=None)


def _refused_for_good(ledger: Ledger, intent: Intent, answer: Refused, now: int) -> Ledger:
    if intent.part is Part.REPLY:
        # The message itself is there: a reply in its thread is never worth a dead letter.
        return msgspec.structs.replace(ledger, intent=None, pending_notes=(), error=answer.reason)
    return msgspec.structs.replace(
        ledger,
        intent=None,
        dead=answer.reason,
        refused=intent.last_notified,
        error=answer.detail or answer.reason,
        attempts=ledger.attempts + 1,
        failing_since=ledger.failing_since or now,
        fell_back_at=ledger.fell_back_at or now,  # nobody waits for a destination that will never take it
        next_try=None,
    )


def _failed(ledger: Ledger, error: str, now: int, *, wait: int, intent: Intent | None) -> Ledger:
    """Back off: `wait` ms where the vendor said so, else longer with each try."""
    attempts = ledger.attempts + 1
    backoff = min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS << min(attempts - 1, 8))
    return msgspec.structs.replace(
        ledger,
        intent=intent,
        attempts=attempts,
        failing_since=ledger.failing_since or now,
        next_try=now + (wait or backoff),
        error=error,
    )


def fall_back(ledger: Ledger, fallback_after: int, now: int) -> Ledger:
    """Let the fallback take over as well, once the target was tried in vain for `fallback_after` ms."""
    if ledger.fell_back_at or ledger.failing_since is None or now - ledger.failing_since < fallback_after:
        return ledger
    return msgspec.structs.replace(ledger, fell_back_at=now)


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
        later = msgspec.structs.replace(ledger, look_at=now + UNCONFIRMED_LOOK_MS)
        if intent is None:
            # Only earlier sends were looked for: what the target was notified of is not in doubt.
            return later
        wait = look.retry_after if isinstance(look, Refused) else 0
        return _failed(later, look.reason, now, wait=wait, intent=intent)
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

    The newest attempt that has arrived and says what is still to be said counts; the others are extra
    messages.
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
        unconfirmed += () if intent in arrived else (intent,)
        settled = _delivered(ledger, counts, notification, look.message_refs[counts.attempt], now)
        look_at = now + UNCONFIRMED_LOOK_MS if unconfirmed else None
        return msgspec.structs.replace(
            settled, unconfirmed=unconfirmed, look_at=look_at, unconfirmed_since=None, repeat_at=None
        )
    given_up = ledger.unconfirmed_since or intent.at + SEND_TIMEOUT_MS
    waited = now - given_up
    if waited < READ_BACK_WAIT_MS:
        # It may still arrive: looked for again, at growing distances, until the wait is over.
        step = next((step for step in LOOK_STEPS_MS if waited < step), LOOK_STEPS_MS[-1])
        return msgspec.structs.replace(ledger, next_try=min(now + step, given_up + READ_BACK_WAIT_MS))
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


def withdrawn(ledger: Ledger, answer: Answer, now: int) -> Ledger:
    """Return the ledger after an attempt to take back the first extra message."""
    if isinstance(answer, Delivered) or (isinstance(answer, Refused) and (answer.permanent or answer.gone)):
        return msgspec.structs.replace(ledger, orphans=ledger.orphans[1:])
    return _failed(ledger, answer.reason, now, wait=0, intent=ledger.intent)
