"""The intent that is committed before each send, so that a process that is killed leaves word of what it may
have done.
"""

from __future__ import annotations

import msgspec

from gateway.decisions.delivery.thread_lines import begun_lines, edited_reply, said_together
from gateway.decisions.delivery.thread_notes import notes_of
from gateway.decisions.notification.assumptions import assumed
from gateway.model.ledger import Endpoint, Intent, LastNotified, Ledger, MessageRef, Note, NotifiedState, Part
from gateway.model.notification import Notification


def begin(
    ledger: Ledger,
    notification: Notification,
    desired: LastNotified,
    endpoint: Endpoint,
    attempt: str,
    now: int,
) -> Ledger:
    """Return the ledger with the intent to notify, which is committed before anything is sent.

    What an unanswered earlier intent may have told stays owed its end.
    """
    before, ledger = ledger, assumed(ledger)
    again = notification.generation > ledger.generation
    message_ref = ledger.message_ref if endpoint.same_place(ledger.endpoint) or not again else None
    replaces = _replaced(before, ledger, notification)
    # A new generation has a key of its own at the vendor and touches nothing that was sent under the old one.
    if again and endpoint.keyed and replaces is None:
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
        replaces=replaces,
    )
    intent = _as_before(before.intent, intent)
    return msgspec.structs.replace(ledger, intent=intent, endpoint=endpoint, message_ref=message_ref, dead="")


def _replaced(before: Ledger, ledger: Ledger, notification: Notification) -> MessageRef | None:
    """Return what is still open under the key of the generation before, which is resolved after this send.

    The new page comes first: at no moment is there none.
    """
    if notification.generation > ledger.generation and ledger.last_notified.state is NotifiedState.FIRING:
        return ledger.message_ref
    unanswered = before.intent
    same = unanswered is not None and unanswered.generation == notification.generation
    return unanswered.replaces if unanswered is not None and same else None


def begin_reply(ledger: Ledger, attempt: str, now: int) -> Ledger:
    notes = said_together(ledger.pending_notes)
    intent = Intent(
        attempt,
        now,
        Part.REPLY,
        ledger.generation,
        ledger.revision,
        ledger.last_notified,
        notes,
        creates_message=edited_reply(ledger, notes) is None,
    )
    return msgspec.structs.replace(ledger, intent=_as_before(ledger.intent, intent))


def _unsaid(before: Ledger, after: Ledger, notification: Notification) -> tuple[Note, ...]:
    """Return the thread notes of an unanswered send that we now assume arrived."""
    if (
        before.intent is None
        or before.intent.part is not Part.MESSAGE
        or notification.state is not NotifiedState.FIRING
    ):
        return ()
    begun = begun_lines(before.lines, (*before.pending_notes, *before.intent.notes))
    return (*before.intent.notes, *notes_of(before.last_notified, after.last_notified, notification, begun))


def _as_before(unanswered: Intent | None, intent: Intent) -> Intent:
    """Return the intent with the id of the unanswered attempt if both say the same.

    A receiver that took the first one then knows the repeat by its id.
    """
    if unanswered is None or _said(unanswered) != _said(intent):
        return intent
    return msgspec.structs.replace(intent, attempt=unanswered.attempt)


def _said(intent: Intent) -> tuple[object, ...]:
    notes = intent.notes if intent.part is Part.REPLY else ()
    return intent.part, intent.generation, intent.revision, intent.last_notified, notes
