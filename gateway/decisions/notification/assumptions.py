"""What a target is taken to believe, where its ledger alone does not say: unanswered sends, dead letters, lost credentials."""

from __future__ import annotations

import msgspec

from gateway.model.ledger import Believed, Ledger, Part, Told


def assumed(ledger: Ledger) -> Ledger:
    """A firing sent under a key and not answered is taken to have arrived: whoever may have been told it is owed its end."""
    intent = ledger.intent
    if intent is None or intent.fresh or intent.part is not Part.MESSAGE or intent.believed.state is not Told.FIRING:
        return ledger
    return msgspec.structs.replace(
        ledger,
        believed=intent.believed,
        generation=intent.generation,
        uneasy_since=ledger.uneasy_since or intent.at,
    )


def overtaken(ledger: Ledger, want: Believed) -> Ledger:
    """A dead letter is overtaken by news: what was refused for good is not what is to be said now."""
    if not ledger.dead or want in (ledger.refused, ledger.believed):
        return ledger
    return msgspec.structs.replace(ledger, dead="", error="", attempts=0, next_try=0)


def abandoned(ledger: Ledger) -> Ledger:
    """The credential that it was told through has gone, so nobody can tell its end there: what still fires is told anew."""
    ended = dict.fromkeys(ledger.believed.members, False)
    believed = msgspec.structs.replace(ledger.believed, state=Told.ENDED, members=ended)
    return msgspec.structs.replace(
        ledger, believed=believed, intent=None, through=None, remote=None, uneasy_since=0, repeat_at=0
    )
