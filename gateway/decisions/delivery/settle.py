"""Settle an intent by the vendor's answer. `read_back.py` settles what went unanswered, and `next_step.py`
says what is done next.

Three answers are told apart. The vendor took the notification; it certainly did not; or nobody knows, and
then the notification may still arrive. What may have arrived is owed its end, and is never posted a second
time without a look.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

import msgspec

from gateway.decisions.delivery.failure import back_off, dead_letter
from gateway.decisions.delivery.lost_page import calls_at_last, lost_after
from gateway.decisions.delivery.reposts import gone, with_post
from gateway.decisions.delivery.thread_lines import (
    begun_lines,
    edits_a_line,
    replied,
    still_to_be_said,
    without_line,
)
from gateway.decisions.delivery.thread_notes import notes_of
from gateway.decisions.notification.update_limit import is_update
from gateway.model.durations import SECOND
from gateway.model.ledger import Intent, LastNotified, Ledger, MessageRef, Note, NotifiedState, Part
from gateway.model.notification import (
    Answer,
    Delivered,
    Notification,
    Refused,
    Unanswered,
)
from gateway.model.refusals import refuses_for_now

LATE_ACT_MS = 30 * SECOND  # after an unanswered send the newest state is said once more, this much later
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
        case Delivered(message_ref, link=link):
            settled = record_delivery(ledger, intent, notification if notes else None, message_ref, now)
            # A reply says nothing of the state that an earlier unanswered send may still change.
            if intent.part is Part.REPLY:
                return settled
            known = ledger.message_link if message_ref == ledger.message_ref else ""
            settled = msgspec.structs.replace(settled, message_link=link or known)
            return _guard_against_late_act(settled, now, looks=looks)
        case Refused(gone=True) | Refused(permanent=True) if edits_a_line(intent) and not refuses_for_now(
            answer.reason
        ):
            return without_line(ledger, intent, answer)
        case Refused(gone=True) if ledger.message_ref is not None:
            # Somebody deleted the message, or nobody may edit it any more: it is posted anew.
            return gone(ledger, answer, now)
        case Refused(permanent=True):
            return _refused_for_good(ledger, intent, answer, now)
        case Refused():
            # Where there is no message, none can be gone: whoever says so all the same is asked again later.
            # An earlier try under the same key may have arrived: it goes on being assumed, so that its end is
            # sent.
            may_have_arrived = ledger.unconfirmed_since is not None and not looks
            kept = intent if may_have_arrived else None
            update = _is_only_an_update(ledger, intent)
            failing = back_off(
                ledger,
                answer.detail or answer.reason,
                now,
                wait=answer.retry_after,
                intent=kept,
                update=update,
            )
            return failing if answer.reason == "rate_limited" else _look_first(failing)
        case Unanswered():
            return _unanswered(ledger, intent, answer, now, looks=looks)
    assert_never(answer)


def _look_first(ledger: Ledger) -> Ledger:
    """Have a post that nobody could look for be looked for before the next try, where nothing has taken its
    place: what kept the looks from the vendor may be what keeps the posts from it.
    """
    given_up = any(sent.given_up and sent.part is Part.MESSAGE for sent in ledger.unconfirmed)
    if not given_up or ledger.message_ref is not None:
        return ledger
    return msgspec.structs.replace(ledger, look_at=ledger.next_try)


def _unanswered(ledger: Ledger, intent: Intent, answer: Unanswered, now: int, *, looks: bool) -> Ledger:
    if intent.creates_message and looks:
        # There may be a message now: it is looked for, from the first step of the read-back on.
        doubtful = msgspec.structs.replace(ledger, unconfirmed_since=now)
        # A vendor that has named a time is not even asked before it.
        wait = max(LOOK_STEPS_MS[0], answer.retry_after)
        return back_off(doubtful, answer.reason, now, wait=wait, intent=intent, update=False)
    # An edit is made again, and an event under a key is repeated as the same attempt: both are harmless.
    doubtful = msgspec.structs.replace(ledger, unconfirmed_since=ledger.unconfirmed_since or now)
    update = _is_only_an_update(ledger, intent)
    kept = None if looks else intent
    return back_off(doubtful, answer.reason, now, wait=answer.retry_after, intent=kept, update=update)


def _is_only_an_update(ledger: Ledger, intent: Intent) -> bool:
    return intent.part is not Part.MESSAGE or is_update(ledger.last_notified, intent.last_notified)


def record_delivery(
    ledger: Ledger, intent: Intent, notification: Notification | None, message_ref: MessageRef, now: int
) -> Ledger:
    """Return the ledger of a target that knows what the intent said.

    `notification` makes the notes that are pending now.
    """
    calm = msgspec.structs.replace(
        ledger,
        intent=None,
        attempts=0,
        failing_since=None,
        next_try=None,
        error="",
        dead="",
        repeat_at=None,
        update_failed=False,
    )
    if intent.part is Part.REPLY:
        return replied(msgspec.structs.replace(calm, repeat_at=ledger.repeat_at), intent, message_ref)
    # Another message, or another generation of it, begins with no lines that could be edited.
    same_thread = message_ref == ledger.message_ref and intent.generation == ledger.generation
    lines = ledger.lines if same_thread else {}
    fires = intent.last_notified.state is NotifiedState.FIRING
    lost_until = lost_after(ledger, intent, now)
    return msgspec.structs.replace(
        calm,
        last_notified=intent.last_notified,
        generation=intent.generation,
        revision=intent.revision,
        notified_at=now,
        first_notified_at=ledger.first_notified_at or now,
        paged_at=_paged_at(ledger, intent, now),
        life=_life(ledger, intent),
        page_began_at=_page_began_at(ledger, intent, now),
        message_ref=message_ref,
        pending_notes=_pending_notes(ledger, intent, notification, lines),
        lines=lines,
        posts=with_post(ledger, intent, now),
        end_waits_until=ledger.end_waits_until if fires else None,
        lost_until=lost_until,
        repeat_at=lost_until,
        orphans=ledger.orphans if intent.replaces is None else (*ledger.orphans, intent.replaces),
    )


def _pending_notes(
    ledger: Ledger, intent: Intent, notification: Notification | None, lines: Mapping[str, MessageRef]
) -> tuple[Note, ...]:
    """Return what the thread has to say after that delivery; `lines` are the replies that can be edited."""
    if notification is None:
        return ledger.pending_notes
    waiting = (*ledger.pending_notes, *intent.notes)
    begun = begun_lines(lines, waiting)
    news = notes_of(ledger.last_notified, intent.last_notified, notification, begun)
    return still_to_be_said((*waiting, *news), lines)


def record_unsaid(ledger: Ledger, desired: LastNotified, revision: int) -> Ledger:
    """Return the ledger after a change that is not sent, since what the readers have says the same
    already.
    """
    return msgspec.structs.replace(ledger, last_notified=desired, revision=revision)


def _life(ledger: Ledger, intent: Intent) -> int:
    """Return which life of the incident is told there: a firing after a told end, or a close, is another
    one.
    """
    over = ledger.last_notified.state in (NotifiedState.ENDED, NotifiedState.CLOSED)
    fires = intent.last_notified.state is NotifiedState.FIRING
    return max(1, ledger.life) + (1 if fires and over else 0)


def _paged_at(ledger: Ledger, intent: Intent, now: int) -> int | None:
    """Return since when the target pages; a new generation pages anew."""
    if calls_at_last(ledger, intent, now):
        return now
    # A trigger that nobody answered is assumed to have
    # arrived: its page begins when one of its kind is taken.
    keyed = ledger.endpoint is not None and ledger.endpoint.keyed
    assumed = keyed and (ledger.message_ref is None or intent.replaces is not None)
    paged_before = ledger.last_notified.paged and intent.generation == ledger.generation and not assumed
    return now if intent.last_notified.paged and not paged_before else ledger.paged_at


def _page_began_at(ledger: Ledger, intent: Intent, now: int) -> int | None:
    """Return when the page of this life began: one that calls people anew goes on."""
    # Earlier versions did not write it down, so that for a page of theirs the newest call stands in.
    known = ledger.page_began_at or (ledger.paged_at if ledger.last_notified.paged else None)
    began_at = known if _life(ledger, intent) == max(1, ledger.life) else None
    return began_at or (now if intent.last_notified.paged else None)


def _guard_against_late_act(ledger: Ledger, now: int, *, looks: bool) -> Ledger:
    """Say the newest state once more later, where a send that went unanswered may still act and put an older
    one in its place.
    """
    if ledger.unconfirmed_since is None:
        return ledger  # every send was answered, so nothing older can appear in the channel
    if now - ledger.unconfirmed_since >= LATE_ACT_MS and ledger.repeat_at is None and looks:
        # So late no vendor acts any more, and the newest state has been said since.
        return msgspec.structs.replace(ledger, unconfirmed_since=None)
    if not looks and ledger.last_notified.state is NotifiedState.FIRING:
        return ledger  # a late trigger changes nothing while it fires
    return msgspec.structs.replace(ledger, repeat_at=now + LATE_ACT_MS, unconfirmed_since=None)


def _refused_for_good(ledger: Ledger, intent: Intent, answer: Refused, now: int) -> Ledger:
    if intent.part is not Part.REPLY:
        # Nobody waits for a destination that will never take it.
        dead = dead_letter(ledger, intent.last_notified, answer, now)
        return msgspec.structs.replace(dead, fell_back_at=ledger.fell_back_at or now)
    if refuses_for_now(answer.reason):
        # The reply is owed still. Whoever reads the message knows the state, so that the fallback has time.
        return dead_letter(ledger, intent.last_notified, answer, now)
    # The message itself is there: what a reply says is never worth a dead letter.
    return msgspec.structs.replace(ledger, intent=None, pending_notes=(), error=answer.reason)


def led_on(ledger: Ledger, answer: Answer, now: int) -> Ledger:
    """Return the ledger after an attempt to lead the thread of the message before to the newer one."""
    if isinstance(answer, Refused) and not answer.permanent and not answer.gone:
        wait = answer.retry_after
        return back_off(ledger, answer.reason, now, wait=wait, intent=ledger.intent, update=True)
    # It was said, or perhaps, or it never can be: a second reply would only say the same.
    return msgspec.structs.replace(ledger, left=None)
