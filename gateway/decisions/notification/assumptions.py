"""What a target is taken to believe, where its ledger alone does not say: unanswered sends, dead letters, lost credentials."""

from __future__ import annotations

import msgspec

from gateway.model.ledger import LastNotified, Ledger, NotifiedState, Part


def assumed(ledger: Ledger) -> Ledger:
    """A firing sent under a key and not answered is taken to have arrived: whoever may have been told it is owed its end."""
    intent = ledger.intent
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
    """A dead letter is overtaken by news: what was refused for good is not what is to be said now."""
    if not ledger.dead or desired in (ledger.refused, ledger.last_notified):
        return ledger
    return msgspec.structs.replace(ledger, dead="", error="", attempts=0, next_try=0)


def abandoned(ledger: Ledger) -> Ledger:
    """The credential that it was told through has gone, so nobody can tell its end there: what still fires is told anew."""
    ended = dict.fromkeys(ledger.last_notified.members, False)
    last_notified = msgspec.structs.replace(ledger.last_notified, state=NotifiedState.ENDED, members=ended)
    return msgspec.structs.replace(
        ledger, last_notified=last_notified, intent=None, endpoint=None, message_ref=None, unconfirmed_since=0, repeat_at=0
    )
