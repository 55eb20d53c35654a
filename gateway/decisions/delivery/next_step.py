"""The next step towards one target. `intents.py` begins it, and `settle.py` says what an answer means.

1. An intent is committed before each send, so that a process that is killed leaves word of what it may have
   done.
2. A send that was not answered is looked for before it is repeated, where a repeat would say it twice
   (Slack). Where a repeat goes under a key and is harmless (PagerDuty, webhooks), it is repeated at once.
3. A vendor that acts later than the read-back wait leaves at most one extra message. A later look finds the
   extra message, and it is taken back.
4. A look that fails for a minute holds back nothing that people must hear. They are told once more, and the
   first send is looked for until it is found, to be taken back.
5. Resending unchanged content reuses the attempt id, so that a webhook receiver can recognise the duplicate.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.decisions.delivery.confirmation import end_waits_until
from gateway.decisions.delivery.read_back import gives_up_at, reply_in_doubt
from gateway.decisions.delivery.reposts import held_back_until, root_is_sure
from gateway.decisions.delivery.thread_lines import edited_reply, said_together
from gateway.decisions.notification.update_limit import is_update
from gateway.decisions.notification.view import View
from gateway.model.durations import SECOND
from gateway.model.instants import earliest
from gateway.model.ledger import Intent, Ledger, MessageRef, Note, Part
from gateway.model.refusals import refuses_for_now
from gateway.model.verdict import NotifyReason

LEASE = 20 * SECOND  # more than twice the longest send


@dataclass(frozen=True, slots=True)
class Notify:
    """Send the view's newest state, or say it once more. `why` is what the log and the metric call it."""

    why: NotifyReason


@dataclass(frozen=True, slots=True)
class Reply:
    """Say the notes in the thread of the message."""

    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class LookBack:
    """Look which of these attempts the vendor has carried out; the oldest was made at `since` (ms)."""

    attempts: tuple[str, ...]
    since: int


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Let people be told once more: the vendor has failed for too long to say whether they were."""


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Take back an extra message."""

    message_ref: MessageRef


@dataclass(frozen=True, slots=True)
class LeadOn:
    """Say in the thread of `left`, which nobody can edit any more, that it goes on in `message_ref`."""

    left: MessageRef
    message_ref: MessageRef


class RestReason(StrEnum):
    """Why nothing is sent to a target now. The comment says what that means for people."""

    # The target is up to date, or its next notification is not due yet
    NOTHING_DUE = "nothing_due"
    # The last try failed: it is tried again after a while, and the fallback has its own time
    BACKING_OFF = "backing_off"
    # Nobody knows whether the last post arrived: looked for before it is repeated
    READ_BACK_WAIT = "read_back_wait"
    # The vendor refused it for good: only news, or a person, makes it be tried again
    DEAD_LETTER = "dead_letter"
    # A trigger went unanswered: its end waits until the vendor shows the page
    UNCONFIRMED = "unconfirmed"
    # The message cannot be edited, and enough were posted anew: the next one comes an hour after the first
    POSTED_OFTEN = "posted_often"


@dataclass(frozen=True, slots=True)
class Rest:
    """Do nothing before `until` (ms), None for nothing at all."""

    until: int | None
    reason: RestReason


_WAITS_FOR_THE_VENDOR = frozenset({RestReason.BACKING_OFF, RestReason.READ_BACK_WAIT})

Step = Notify | Reply | LookBack | GiveUp | Withdraw | LeadOn | Rest


def next_step(ledger: Ledger, view: View, now: int, *, looks: bool) -> Step:
    """Decide what is done next for one target.

    `ledger` is the newest one, which may be newer than the view's own. `looks` tells whether this kind of
    destination settles unanswered sends by looking.
    """
    intent = ledger.intent
    waits = ledger.next_try is not None and now < ledger.next_try
    if intent is not None and intent.creates_message and looks:
        # A second post would be a second message for everybody in the channel, so the first one is looked
        # for.
        if not waits:
            return _look(ledger, intent)
        given_up_at = gives_up_at(ledger, view)
        if given_up_at is not None and given_up_at <= now:
            # Somebody may see it twice until the first one is found. Otherwise nobody might hear of it.
            return GiveUp()
        return Rest(earliest(ledger.next_try, given_up_at), RestReason.READ_BACK_WAIT)
    heard_at = _must_be_heard_at(ledger, view) if waits else None
    # Only an update has failed: what must be heard is tried
    # at once, and not when the vendor gets its next try.
    if waits and (heard_at is None or heard_at > now):
        return Rest(earliest(ledger.next_try, heard_at), RestReason.BACKING_OFF)
    # A post that was repeated may come through late after all: its message is found, to be taken back.
    if ledger.unconfirmed and (ledger.look_at is None or ledger.look_at <= now):
        return _look(ledger, ledger.unconfirmed[0])
    next_look = ledger.look_at if ledger.unconfirmed else None
    if ledger.dead:
        # What was refused for its content alone keeps nobody from taking an extra message back.
        if ledger.orphans and not refuses_for_now(ledger.dead):
            return Withdraw(ledger.orphans[0])
        return Rest(_next(now, next_look), RestReason.DEAD_LETTER)
    if ledger.left is not None and ledger.message_ref is not None:
        # Whoever follows the thread of the message before has to learn where it goes on.
        return LeadOn(ledger.left, ledger.message_ref)
    return _say(ledger, view, now, looks=looks, next_look=next_look)


def _must_be_heard_at(ledger: Ledger, view: View) -> int | None:
    """Return when more than an update is due, where no more than that has failed; None where it has to wait."""
    if not ledger.update_failed or view.desired == ledger.last_notified:
        return None
    return None if is_update(ledger.last_notified, view.desired) else view.due


def rests_unasked(step: Step) -> bool:
    """Return whether this target asks its destination nothing now, and has no send there that goes on."""
    return isinstance(step, Rest) and step.reason not in _WAITS_FOR_THE_VENDOR


def _say(ledger: Ledger, view: View, now: int, *, looks: bool, next_look: int | None) -> Step:
    """Decide what is said next where nothing of what was sent before is in doubt."""
    due = view.due if view.desired != ledger.last_notified else None
    why = _why_notify(ledger, view, due, now)
    unconfirmed = end_waits_until(ledger, view.desired, now) if why is not None else None
    if unconfirmed is not None:
        return Rest(unconfirmed, RestReason.UNCONFIRMED)
    held_back = held_back_until(ledger, view.desired, now) if why is not None else None
    if why is not None and held_back is None:
        return Notify(why)
    if ledger.orphans:
        # People see the same thing twice until the extra message is gone.
        return Withdraw(ledger.orphans[0])
    if held_back is not None:
        return Rest(held_back, RestReason.POSTED_OFTEN)
    # The message goes first: a note in its thread explains nothing to whoever lacks the message.
    if ledger.pending_notes and ledger.message_ref is not None and not reply_in_doubt(ledger):
        said = said_together(ledger.pending_notes)
        if looks and edited_reply(ledger, said) is None and not root_is_sure(ledger, now):
            # The message may be gone, and then the reply would stand bare in the channel.
            return Notify(NotifyReason.THREAD_CHECKED)
        return Reply(said)
    return Rest(_next(now, next_look, ledger.repeat_at, due), RestReason.NOTHING_DUE)


def _why_notify(ledger: Ledger, view: View, due: int | None, now: int) -> NotifyReason | None:
    if due is not None and due <= now:
        return view.reason
    # An unanswered send is repeated even if nothing is due: people may not have got the notification.
    if ledger.intent is not None and ledger.intent.part is Part.MESSAGE:
        return NotifyReason.UNANSWERED
    # An unanswered send may have acted late and put an older state in place of the newest.
    if ledger.repeat_at is not None and ledger.repeat_at <= now:
        return NotifyReason.SAID_ONCE_MORE
    return None


def _next(now: int, *times: int | None) -> int | None:
    return earliest(*(time for time in times if time is not None and time > now))


def at_rest(ledger: Ledger) -> bool:
    """Return whether nothing is owed to the target any more."""
    # Time alone changes nothing about a dead letter: it takes news, or a person who retries it.
    if ledger.dead:
        return True
    owes_end = any(ledger.last_notified.members.values())
    return ledger.intent is None and not ledger.pending_notes and not ledger.orphans and not owes_end


def _look(ledger: Ledger, oldest: Intent) -> LookBack:
    attempts = [intent.attempt for intent in ledger.unconfirmed]
    if ledger.intent is not None and ledger.intent.creates_message:
        attempts.append(ledger.intent.attempt)
    return LookBack(tuple(attempts), min([oldest.at, *[intent.at for intent in ledger.unconfirmed]]))
