"""Say which share of the work a delivery belongs to, and how urgent it is."""

from __future__ import annotations

from gateway.decisions.notification.view import View
from gateway.model.agenda import Share, urgency
from gateway.model.ledger import Ledger, NotifiedState
from gateway.model.own_alert import OWN_SOURCE
from gateway.model.severity import Severity


def share_of(view: View, ledger: Ledger) -> Share:
    """Return the share of a delivery that is put on the agenda.

    Each share has some room for itself, whatever else waits.
    """
    # While thousands of pages wait, the person on call hears all the same why they are late.
    if view.members and all(member.alert.spoken_by.startswith(OWN_SOURCE) for member in view.members):
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
