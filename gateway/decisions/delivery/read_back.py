"""Settle sends that went unanswered by what a read-back of the vendor's side has found."""

from __future__ import annotations

import msgspec

from gateway.decisions.delivery.failure import back_off
from gateway.decisions.delivery.settle import LOOK_STEPS_MS, record_delivery
from gateway.decisions.notification.update_limit import is_update
from gateway.decisions.notification.view import View
from gateway.model.durations import DAY, HOUR, MINUTE, SECOND
from gateway.model.ledger import Intent, LastNotified, Ledger, NotifiedState, Part
from gateway.model.notification import Found, Look, Notification, Refused, Unanswered

SEND_TIMEOUT_MS = 8 * SECOND
# How long to search for an unanswered Slack post before repeating it: 15 s plus 1 s for the vendor's clock
READ_BACK_WAIT_MS = 16 * SECOND
UNCONFIRMED_LOOK_MS = 60 * SECOND
UNCONFIRMED_FIRST_LOOKS_MS = 3 * UNCONFIRMED_LOOK_MS
UNCONFIRMED_LATER_LOOK_MS = 5 * MINUTE
UNCONFIRMED_LOOKS_END_MS = 15 * MINUTE
# Of what was posted again without a look that was answered: it may have arrived long ago
GIVEN_UP_LATER_LOOK_MS = 30 * MINUTE
GIVEN_UP_LOOKS_END_MS = DAY
# How long a read-back may fail before people are told once more, by how often they were already: a vendor
# that answers no post, and shows each of them, must not fill the channel
GIVE_UP_AFTER_MS = (MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE)


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
    if intent is not None and now - intent.at >= GIVEN_UP_LOOKS_END_MS:
        # Nobody could look for a day: whoever needs to hear it by now is told as if it had not arrived.
        look = look if isinstance(look, Found) else Found({})
    if not isinstance(look, Found):
        return _looked_in_vain(ledger, intent, look, now)
    ledger = msgspec.structs.replace(ledger, look_failing_since=None)
    if intent is not None:
        return _settle_intent(ledger, intent, notification, look, now)
    return _looked_for_unconfirmed(ledger, notification, look, now)


def gives_up_at(ledger: Ledger, view: View) -> int | None:
    """Return when people are told once more what nobody could look for (ms), None where that can wait.

    A first notification, a page, a rise and an end have to be heard. An edit waits for the read-back, and so
    does a reply: whoever reads the message knows the state.
    """
    intent, failing_since = ledger.intent, ledger.look_failing_since
    if intent is None or failing_since is None or view.due is None:
        return None
    if not _must_be_heard(ledger.last_notified, view.desired):
        return None
    # Each post is looked for by itself: the one before may have had its time.
    since = max(failing_since, ledger.unconfirmed_since or intent.at + SEND_TIMEOUT_MS)
    return max(view.due, since + _patience(ledger, intent))


def given_up(ledger: Ledger, now: int) -> Ledger:
    """Return the ledger with the unanswered send among those that are looked for later."""
    intent = ledger.intent
    assert intent is not None
    # A vendor that has named a time is not asked before it.
    look_at = max(now + UNCONFIRMED_LOOK_MS, ledger.next_try or 0)
    return msgspec.structs.replace(
        ledger,
        intent=None,
        unconfirmed=(*ledger.unconfirmed, msgspec.structs.replace(intent, given_up=True)),
        look_at=look_at,
        unconfirmed_since=None,
        attempts=1,  # what is sent now was never refused: it begins with short waits
        next_try=None,
    )


def reply_in_doubt(ledger: Ledger) -> bool:
    """Return whether a reply may stand in the thread that nobody could look for yet: it is not said again."""
    return ledger.look_failing_since is not None and any(
        sent.given_up and sent.part is Part.REPLY for sent in ledger.unconfirmed
    )


def _must_be_heard(told: LastNotified, desired: LastNotified) -> bool:
    if NotifiedState.FIRING not in (told.state, desired.state):
        return False  # it is over, and people know it; or it never fired for them
    return desired != told and not is_update(told, desired)


def _patience(ledger: Ledger, intent: Intent) -> int:
    if intent.part is Part.REPLY:
        return GIVE_UP_AFTER_MS[0]  # the reply itself is not said again, so that nothing can be there twice
    extras = sum(sent.given_up and sent.part is Part.MESSAGE for sent in ledger.unconfirmed)
    return GIVE_UP_AFTER_MS[min(extras, len(GIVE_UP_AFTER_MS) - 1)]


def _looked_in_vain(ledger: Ledger, intent: Intent | None, look: Refused | Unanswered, now: int) -> Ledger:
    """The vendor could not be asked: the person on call may or may not have the message, so it stays open."""
    remaining = tuple(sent for sent in ledger.unconfirmed if now - sent.at < GIVEN_UP_LOOKS_END_MS)
    later = msgspec.structs.replace(
        ledger,
        unconfirmed=remaining,
        look_at=now + max(_wait_before_look(remaining, now), look.retry_after) if remaining else None,
        look_failing_since=ledger.look_failing_since or now,
    )
    if intent is None:
        # Only earlier sends were looked for: what the target was notified of is not in doubt.
        return later
    update = intent.part is Part.REPLY
    failing = back_off(later, look.reason, now, wait=look.retry_after, intent=intent, update=update)
    assert later.look_failing_since is not None
    patience_ends = later.look_failing_since + _patience(later, intent)
    if look.retry_after or failing.next_try is None or now >= patience_ends:
        return failing
    # The last look before people are told once more is made when the patience ends.
    return msgspec.structs.replace(failing, next_try=min(failing.next_try, patience_ends))


def _looked_for_unconfirmed(
    ledger: Ledger, notification: Notification | None, look: Found, now: int
) -> Ledger:
    """Withdraw what has arrived late, and look again for what may still arrive or be found."""
    arrived = [sent for sent in reversed(ledger.unconfirmed) if sent.attempt in look.message_refs]
    # What people need still, since nothing was posted in its place, is what they have.
    counts = next((sent for sent in arrived if _is_wanted(ledger, sent)), None)
    late = tuple(look.message_refs[sent.attempt] for sent in reversed(arrived) if sent is not counts)
    remaining = tuple(sent for sent in ledger.unconfirmed if sent not in arrived and _is_sought(sent, now))
    if counts is not None:
        ledger = record_delivery(ledger, counts, notification, look.message_refs[counts.attempt], now)
    look_at = now + _wait_before_look(remaining, now) if remaining else None
    return msgspec.structs.replace(
        ledger, unconfirmed=remaining, orphans=ledger.orphans + late, look_at=look_at
    )


def _is_wanted(ledger: Ledger, sent: Intent) -> bool:
    """Return whether a send that was found says what nothing else has said yet."""
    if sent.part is Part.REPLY:
        return bool(sent.notes) and set(sent.notes) <= set(ledger.pending_notes)
    return ledger.message_ref is None and sent.generation >= ledger.generation


def _is_sought(sent: Intent, now: int) -> bool:
    return now - sent.at < (GIVEN_UP_LOOKS_END_MS if sent.given_up else UNCONFIRMED_LOOKS_END_MS)


def _wait_before_look(unconfirmed: tuple[Intent, ...], now: int) -> int:
    """Return the wait before the next look: the younger the newest of them is, the sooner it may be found."""
    newest = max((sent.at for sent in unconfirmed), default=now)
    if now - newest < UNCONFIRMED_FIRST_LOOKS_MS:
        return UNCONFIRMED_LOOK_MS
    return UNCONFIRMED_LATER_LOOK_MS if now - newest < HOUR else GIVEN_UP_LATER_LOOK_MS


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
