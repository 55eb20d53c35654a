"""Deliver: the next step towards one target, and the intent to take it. `settle.py` says what an answer means.

An intent is written before each send. A send that was not answered is looked for before it is repeated where repeating would
say it twice (Slack), and repeated at once under its key where that is harmless (PagerDuty). What acts later than the wait
leaves at most one extra, found by a later look and taken back. A repeat of the very same keeps its attempt's id, so that a
receiver of webhooks knows it.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from gateway.decisions.delivery.thread_notes import notes_of
from gateway.decisions.notification.assumptions import assumed
from gateway.decisions.notification.view import View
from gateway.model.durations import SECOND
from gateway.model.ledger import Endpoint, Intent, LastNotified, Ledger, MessageRef, Note, NotifiedState, Part
from gateway.model.notification import Notification

LEASE = 20 * SECOND  # more than twice the longest send


@dataclass(frozen=True, slots=True)
class Notify:
    """Send the view's newest state (or say it once more)."""


@dataclass(frozen=True, slots=True)
class Reply:
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class LookBack:
    attempts: tuple[str, ...]
    since: int


@dataclass(frozen=True, slots=True)
class Withdraw:
    message_ref: MessageRef


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing to do before `until` (None: nothing at all)."""

    until: int | None


Step = Notify | Reply | LookBack | Withdraw | Rest


def next_step(view: View, now: int, *, looks: bool) -> Step:
    """`looks`: this kind of destination settles unanswered sends by looking."""
    ledger = view.ledger
    intent = ledger.intent
    if intent is not None and intent.creates_message and looks:
        return Rest(ledger.next_try) if now < ledger.next_try else _look(ledger, intent)
    if now < ledger.next_try:
        return Rest(ledger.next_try)
    if ledger.orphans:
        return Withdraw(ledger.orphans[0])
    if ledger.unconfirmed and ledger.look_at <= now:
        return _look(ledger, ledger.unconfirmed[0])
    due = view.due if view.desired != ledger.last_notified else 0
    unsettled = intent is not None and intent.part is Part.MESSAGE
    if not ledger.dead and (unsettled or 0 < due <= now):
        return Notify()
    if ledger.repeat_at and ledger.repeat_at <= now and not ledger.dead:
        return Notify()
    if ledger.pending_notes and ledger.message_ref is not None and not ledger.dead:
        return Reply(ledger.pending_notes)
    times = [ledger.look_at if ledger.unconfirmed else 0, 0 if ledger.dead else ledger.repeat_at]
    times.append(0 if ledger.dead else due)
    return Rest(min((time for time in times if time > now), default=None))


def at_rest(ledger: Ledger) -> bool:
    """Nothing is owed to it any more."""
    if ledger.dead:
        return True
    return (
        ledger.intent is None
        and not ledger.pending_notes
        and not ledger.orphans
        and not any(ledger.last_notified.members.values())
    )


def _look(ledger: Ledger, oldest: Intent) -> LookBack:
    attempts = [one.attempt for one in ledger.unconfirmed]
    if ledger.intent is not None and ledger.intent.creates_message:
        attempts.append(ledger.intent.attempt)
    return LookBack(tuple(attempts), min([oldest.at, *[one.at for one in ledger.unconfirmed]]))


def begin(
    ledger: Ledger, notification: Notification, desired: LastNotified, endpoint: Endpoint, attempt: str, now: int
) -> Ledger:
    """The ledger with the intent to tell: committed before anything is sent. What an earlier intent may have done stays owed."""
    before, ledger = ledger, assumed(ledger)
    again = notification.generation > ledger.generation
    message_ref = ledger.message_ref if ledger.endpoint == endpoint or not again else None
    if again and endpoint.keyed:
        message_ref = None
    creates_message = message_ref is None and not endpoint.keyed
    notes = _unsaid(before, ledger, notification)
    intent = Intent(
        attempt,
        now,
        Part.MESSAGE,
        notification.generation,
        notification.revision,
        desired,
        notes,
        creates_message=creates_message,
    )
    intent = _as_before(before.intent, intent)
    return msgspec.structs.replace(ledger, intent=intent, endpoint=endpoint, message_ref=message_ref, dead="")


def begin_reply(ledger: Ledger, attempt: str, now: int) -> Ledger:
    intent = Intent(attempt, now, Part.REPLY, ledger.generation, ledger.revision, ledger.last_notified, ledger.pending_notes)
    return msgspec.structs.replace(ledger, intent=_as_before(ledger.intent, intent))


def _unsaid(before: Ledger, after: Ledger, notification: Notification) -> tuple[Note, ...]:
    """What a thread was not told of a send that nobody answered and that is taken to have arrived."""
    if before.intent is None or before.intent.part is not Part.MESSAGE or notification.state is not NotifiedState.FIRING:
        return ()
    return (*before.intent.notes, *notes_of(before.last_notified, after.last_notified, notification))


def _as_before(unanswered: Intent | None, intent: Intent) -> Intent:
    """What says the very same as an intent that nobody answered is the same attempt: a receiver may know it by that."""
    if unanswered is None or _said(unanswered) != _said(intent):
        return intent
    return msgspec.structs.replace(intent, attempt=unanswered.attempt)


def _said(intent: Intent) -> tuple[object, ...]:
    notes = intent.notes if intent.part is Part.REPLY else ()
    return intent.part, intent.generation, intent.revision, intent.last_notified, notes
