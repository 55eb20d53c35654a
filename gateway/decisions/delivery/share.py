"""Say which share of the work a delivery belongs to, and how urgent it is."""

from __future__ import annotations

from gateway.decisions.delivery.next_step import LEASE
from gateway.decisions.notification.desired import why_at_once
from gateway.decisions.notification.view import View
from gateway.model.agenda import Share, urgency, urgency_behind_news
from gateway.model.ledger import LastNotified, Ledger, NotifiedState, Part
from gateway.model.own_alert import is_own
from gateway.model.severity import Severity


def share_of(view: View, ledger: Ledger) -> Share:
    """Return the share of a delivery that is put on the agenda.

    Each share has some room for itself, whatever else waits.
    """
    # While thousands of pages wait, the person on call hears all the same why they are late.
    if view.members and all(is_own(member.alert) for member in view.members):
        return Share.OWN_ALERTS
    # Nobody goes on working on what is over because new trouble comes in faster than it can be told.
    if ledger.last_notified.state is NotifiedState.FIRING and view.desired.state is not NotifiedState.FIRING:
        return Share.ENDS
    return Share.OTHERS


def urgency_of(severity: Severity, ledger: Ledger) -> int:
    """Return the agenda's priority of what this ledger is told next; 0 is looked at first.

    What was tried in vain until its fallback took over, such as a dead letter that is tried again, waits
    behind what is as severe and nobody was told of: thousands of them would keep it from people for an hour.
    """
    waits = ledger.fell_back_at is not None and ledger.failing_since is not None
    return urgency(severity) + (1 if waits else 0)


def urgency_of_next(severity: Severity, ledger: Ledger, desired: LastNotified) -> int:
    """Return the agenda's priority of what this ledger, as it is stored, is told next.

    What interrupts nobody leaves a part of its lane's pace for what must be heard.
    """
    if _must_be_heard_next(ledger, desired):
        return urgency_of(severity, ledger)
    return urgency_behind_news(severity)


def must_be_heard(told: LastNotified, desired: LastNotified) -> bool:
    """Return whether a notification is more than an update: a first firing, a page, a rise, an end, or
    another change that waits for no `update_interval`.
    """
    if told == desired:
        return False
    goes_on = told.state is NotifiedState.FIRING and desired.state is NotifiedState.FIRING
    # Who joined, a link, a new text: whoever was told of the trouble need not hear of it now.
    return not goes_on or why_at_once(told, desired) is not None


def _must_be_heard_next(ledger: Ledger, desired: LastNotified) -> bool:
    # The edit of the message calls nobody: a rise, or a reminder, is heard by the reply behind it.
    if any(note.broadcast or note.mention for note in ledger.pending_notes):
        return True
    # A send that was begun may not have arrived, and then it is what comes next.
    return must_be_heard(ledger.last_notified, desired) or _tells_news(ledger)


def _tells_news(ledger: Ledger) -> bool:
    """Return whether a send that was begun, and of which no answer is known, tells what must be heard."""
    intent = ledger.intent
    if intent is None:
        return False
    if intent.part is Part.REPLY:
        return any(note.broadcast or note.mention for note in intent.notes)
    return must_be_heard(ledger.last_notified, intent.last_notified)


def next_at(ledger: Ledger, desired: LastNotified, now: int) -> int:
    """Return when (ms) something is told that is due now.

    An update of what is being told at this moment waits for the plan that comes with the vendor's
    answer. That one knows whether people have heard, and that the update interrupts nobody any more.
    """
    intent = ledger.intent
    if intent is None or not _tells_news(ledger):
        return now
    # More than an update has come up since it was begun.
    if must_be_heard(intent.last_notified, desired):
        return now
    # If whoever sends it dies, its lease ends by then, and the send is repeated or looked for.
    return max(now, intent.at + LEASE)
