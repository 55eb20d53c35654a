"""Settle: what an answer, or a look at what arrived, means for a ledger."""

from __future__ import annotations

from typing import assert_never

import msgspec

from gateway.decisions.delivery.thread_notes import notes_of
from gateway.model.durations import MINUTE, SECOND
from gateway.model.ledger import Intent, Ledger, Part, Remote, Told
from gateway.model.telling import Answer, Delivered, Found, Look, Refused, Telling, Unanswered

SEND_TIMEOUT = 8 * SECOND
READ_BACK_WAIT = 16 * SECOND  # the promise of 15 s, and the vendor's clock may tick a little later
LATE_ACT = 30 * SECOND  # after an unanswered send the newest state is said once more, this much later
SUSPECT_LOOK = 60 * SECOND
SUSPECT_LOOKS_END = 15 * MINUTE
LONGEST_BACKOFF = 30 * SECOND
LOOK_STEPS = (SECOND, 2 * SECOND, 4 * SECOND, 9 * SECOND)


def settle(ledger: Ledger, telling: Telling | None, answer: Answer, now: int, *, looks: bool, notes: bool) -> Ledger:
    """The ledger after an answer to its intent. `telling` is what was sent, None for a reply or a read-back.

    `looks` and `notes`: this kind of destination settles unanswered sends by looking, and takes notes.
    """
    intent = ledger.intent
    assert intent is not None
    match answer:
        case Delivered(remote):
            settled = _delivered(ledger, intent, telling if notes else None, remote, now)
            return settled if intent.part is Part.REPLY else _be_careful(settled, now, looks=looks)
        case Refused(gone=True):
            return msgspec.structs.replace(ledger, intent=None, remote=None, through=ledger.through, repeat_at=1)
        case Refused(permanent=True):
            return _refused_for_good(ledger, intent, answer, now)
        case Refused():
            ambiguous = ledger.uneasy_since and not looks  # an earlier try may have arrived: it goes on being assumed
            return _failed(ledger, answer.reason, now, wait=answer.retry_after, intent=intent if ambiguous else None)
        case Unanswered():
            if intent.fresh and looks:
                uneasy = msgspec.structs.replace(ledger, uneasy_since=now)
                return _failed(uneasy, answer.reason, now, wait=LOOK_STEPS[0], intent=intent)
            uneasy = msgspec.structs.replace(ledger, uneasy_since=ledger.uneasy_since or now)
            return _failed(uneasy, answer.reason, now, wait=answer.retry_after, intent=None if looks else intent)
    assert_never(answer)


def _delivered(ledger: Ledger, intent: Intent, telling: Telling | None, remote: Remote, now: int) -> Ledger:
    """`telling` makes the notes that are owed now; None where nobody takes any."""
    calm = msgspec.structs.replace(ledger, intent=None, attempts=0, failing_since=0, next_try=0, error="", dead="", repeat_at=0)
    if intent.part is Part.REPLY:
        rest = tuple(note for note in ledger.owed if note not in intent.notes)
        return msgspec.structs.replace(calm, owed=rest, repeat_at=ledger.repeat_at)  # it says nothing of the state
    owed = ledger.owed
    if telling is not None:
        owed = (*owed, *intent.notes, *notes_of(ledger.believed, intent.believed, telling))
    return msgspec.structs.replace(
        calm,
        believed=intent.believed,
        generation=intent.generation,
        revision=intent.revision,
        told_at=now,
        first_told_at=ledger.first_told_at or now,
        remote=remote,
        owed=owed,
    )


def _be_careful(ledger: Ledger, now: int, *, looks: bool) -> Ledger:
    """A send that went unanswered may still act: say the newest state once more, when it must have done so."""
    if not ledger.uneasy_since:
        return ledger
    if now - ledger.uneasy_since >= LATE_ACT and ledger.repeat_at == 0 and looks:
        return msgspec.structs.replace(ledger, uneasy_since=0)
    if not looks and ledger.believed.state is Told.FIRING:
        return ledger  # a late trigger changes nothing while it fires
    return msgspec.structs.replace(ledger, repeat_at=now + LATE_ACT, uneasy_since=0)


def _refused_for_good(ledger: Ledger, intent: Intent, answer: Refused, now: int) -> Ledger:
    if intent.part is Part.REPLY:  # a thread reply is never worth a dead letter of its own
        return msgspec.structs.replace(ledger, intent=None, owed=(), error=answer.reason)
    return msgspec.structs.replace(
        ledger,
        intent=None,
        dead=answer.reason,
        refused=intent.believed,
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


def looked(ledger: Ledger, telling: Telling | None, look: Look, now: int) -> Ledger:
    """The ledger after a read-back. Where reading back is not allowed, only the wait is left: to be told twice is better than
    not at all."""
    intent = ledger.intent if ledger.intent is not None and ledger.intent.fresh else None
    blind = isinstance(look, Refused) and look.permanent
    if blind and (intent is None or now - (ledger.uneasy_since or intent.at) >= READ_BACK_WAIT):
        look = Found({})
    if not isinstance(look, Found):
        later = msgspec.structs.replace(ledger, look_at=now + SUSPECT_LOOK)
        if intent is None:  # only suspects were looked for: what the target believes is not in doubt
            return later
        return _failed(later, look.reason, now, wait=look.retry_after if isinstance(look, Refused) else 0, intent=intent)
    if intent is not None:
        return _settle_intent(ledger, intent, telling, look, now)
    late = tuple(look.remotes[one.attempt] for one in ledger.suspects if one.attempt in look.remotes)
    remaining = tuple(one for one in ledger.suspects if one.attempt not in look.remotes and now - one.at < SUSPECT_LOOKS_END)
    again = now + (SUSPECT_LOOK if now - min((one.at for one in remaining), default=now) < 3 * SUSPECT_LOOK else 5 * MINUTE)
    return msgspec.structs.replace(ledger, suspects=remaining, extras=ledger.extras + late, look_at=again if remaining else 0)


def _settle_intent(ledger: Ledger, intent: Intent, telling: Telling | None, look: Found, now: int) -> Ledger:
    """Of what arrived, the newest attempt that says what is still to be said counts; the others are extras."""
    arrived = [one for one in (intent, *reversed(ledger.suspects)) if one.attempt in look.remotes]
    counts = next((one for one in arrived if one.part is intent.part and set(one.notes) <= set(ledger.owed)), None)
    extras = ledger.extras + tuple(look.remotes[one.attempt] for one in arrived if one is not counts)
    suspects = tuple(one for one in ledger.suspects if one not in arrived)
    ledger = msgspec.structs.replace(ledger, extras=extras, suspects=suspects)
    if counts is not None:
        suspects += () if intent in arrived else (intent,)
        settled = _delivered(ledger, counts, telling, look.remotes[counts.attempt], now)
        later = now + SUSPECT_LOOK if suspects else 0
        return msgspec.structs.replace(settled, suspects=suspects, look_at=later, uneasy_since=0, repeat_at=0)
    given_up = ledger.uneasy_since or intent.at + SEND_TIMEOUT
    waited = now - given_up
    if waited < READ_BACK_WAIT:
        step = next((one for one in LOOK_STEPS if waited < one), LOOK_STEPS[-1])
        return msgspec.structs.replace(ledger, next_try=min(now + step, given_up + READ_BACK_WAIT))
    return msgspec.structs.replace(
        ledger,
        intent=None,
        suspects=(*suspects, intent),
        look_at=now + SUSPECT_LOOK,
        uneasy_since=0,
        next_try=0,
    )


def withdrawn(ledger: Ledger, answer: Answer, now: int) -> Ledger:
    if isinstance(answer, Delivered) or (isinstance(answer, Refused) and (answer.permanent or answer.gone)):
        return msgspec.structs.replace(ledger, extras=ledger.extras[1:])
    return _failed(ledger, answer.reason, now, wait=0, intent=ledger.intent)
