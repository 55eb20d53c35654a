"""Assume what a target was notified of where its ledger alone does not say: unanswered sends, dead letters,
lost credentials, and what only the log was told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.model.credentialed import LOG
from gateway.model.ledger import LastNotified, Ledger, NotifiedState, Part
from gateway.model.rules.destination import Destination


def assumed(ledger: Ledger) -> Ledger:
    """Return the ledger as if an unanswered firing under a key had arrived: whoever may have been told of it
    is owed its end.
    """
    intent = ledger.intent
    # An unanswered end or note assumes nothing, since it is sent again. A post that creates a message is
    # looked for at the vendor instead.
    if (
        intent is None
        or intent.creates_message
        or intent.part is not Part.MESSAGE
        or intent.last_notified.state is not NotifiedState.FIRING
    ):
        return ledger
    return msgspec.structs.replace(
        ledger,
        last_notified=intent.last_notified,
        generation=intent.generation,
        unconfirmed_since=ledger.unconfirmed_since or intent.at,
    )


def superseded(ledger: Ledger, desired: LastNotified) -> Ledger:
    """Drop a dead letter if there is news since: what the vendor refused is no longer what is due."""
    # Nothing new is to be said, so the dead letter stays: the same notification would only be refused again.
    refused = ledger.refused
    # Whom it paged elsewhere, and to which message a page leads, is no news that a vendor could take better.
    same = msgspec.structs.replace(desired, pages=refused.pages, message_link=refused.message_link)
    if not ledger.dead or same == refused or desired == ledger.last_notified:
        return ledger
    # What the vendor said stays true until it takes the news.
    return msgspec.structs.replace(ledger, dead="", attempts=0, next_try=None)


def abandoned(ledger: Ledger) -> Ledger:
    """Give up a place whose credential has gone: nobody can tell an end there any more, and what still fires
    is told anew.
    """
    ended = dict.fromkeys(ledger.last_notified.members, False)
    last_notified = msgspec.structs.replace(ledger.last_notified, state=NotifiedState.ENDED, members=ended)
    return msgspec.structs.replace(
        ledger,
        last_notified=last_notified,
        intent=None,
        endpoint=None,
        message_ref=None,
        unconfirmed_since=None,
        repeat_at=None,
        lost_until=None,
    )


def log_believed_no_longer(
    snapshot: IncidentSnapshot, destinations: Mapping[str, Destination]
) -> IncidentSnapshot:
    """Return the snapshot with each ledger of which only the log was told as if nobody had been told.

    That holds where the destination's kind has had a credential since: people can be told, and were not.
    """
    believed = {
        target: as_if_untold(ledger, destinations, snapshot.credentialed)
        for target, ledger in snapshot.ledgers.items()
    }
    return replace(snapshot, ledgers=believed)


def as_if_untold(
    ledger: Ledger, destinations: Mapping[str, Destination], credentialed: frozenset[str]
) -> Ledger:
    """Return a ledger that knows of nothing, where only the log was told and people can be told now."""
    destination = destinations.get(ledger.destination)
    # People were told, or nobody was yet: what the ledger says is true.
    if ledger.endpoint is None or ledger.endpoint.kind != LOG:
        return ledger
    # Without a destination nobody is to be told, and without a credential since, the log is all there is.
    if destination is None or destination.kind not in credentialed:
        return ledger
    # What fires is due as the first notification. What has ended is not: nobody waits for its end.
    return Ledger(ledger.incident, ledger.target, ledger.destination, status_counts=ledger.status_counts)
