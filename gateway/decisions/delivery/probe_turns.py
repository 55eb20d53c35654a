"""Let one shard at a time ask whether a destination still refuses everything.

Each shard keeps a record of its own, which it commits together with its dead letters. The home shard has a
shared one besides, where the shards take turns: `probe` has the number of the shard that asks there.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from gateway.decisions.delivery.probes import is_due, is_under_way, may_ask
from gateway.model.durations import DAY
from gateway.model.refusals import Refusal, Refusals

KEEP_WORKING_MS = DAY  # a shard that is looked at later than this finds out by itself


def publish(shared: Refusals, own: Refusals, shard: int, now: int) -> Refusals:
    """Return the shared record with what this shard has found out."""
    news = {
        cause: found
        for cause, refusal in own.causes.items()
        if (found := _news(shared.causes.get(cause), refusal, str(shard), now)) is not None
    }
    old = [
        cause
        for cause, known in shared.causes.items()
        if known.works and now - known.tried_at > KEEP_WORKING_MS
    ]
    return shared.without(old).having(news) if old or news else shared


def _news(known: Refusal | None, refusal: Refusal, shard: str, now: int) -> Refusal | None:
    """Return the shared entry of a cause where this shard has news of it, else None."""
    if refusal.works:
        # Something was taken: the dead letters of the other shards follow. Nobody else
        # asks where none is known.
        return replace(known, probe="", works=True, tried_at=now) if known and not known.works else None
    asking = shard if refusal.probe else ""
    # Nobody has been refused for it yet, or it was refused anew after it had worked.
    if known is None or (known.works and known.tried_at < refusal.since):
        return replace(refusal, probe=asking)
    # Its question was answered in vain, or was never sent: all wait for the next one,
    # and any shard may ask it.
    if known.probe == shard and not asking:
        return replace(refusal, probe="")
    # A person has a dead letter tried again: it takes no turn, and the others wait for its answer.
    if asking and refusal.tried_at > known.tried_at and not is_under_way(known, now):
        return replace(known, probe=shard, tried_at=refusal.tried_at)
    return None


def follow(own: Refusals, shared: Refusals) -> Refusals:
    """Return the record of a shard with what the others have found out since."""
    return own.having(
        {
            cause: after
            for cause, refusal in own.causes.items()
            if cause in shared.causes and (after := _followed(refusal, shared.causes[cause])) != refusal
        }
    )


def _followed(refusal: Refusal, known: Refusal) -> Refusal:
    if refusal.works or refusal.probe:
        return refusal
    # Another shard was taken there after this one was refused: its dead letters are sent now.
    if known.works:
        return replace(refusal, works=True) if known.tried_at >= refusal.since else refusal
    # Another shard asks, or has asked in vain: this one waits as if it had asked itself.
    if known.tried_at > refusal.tried_at:
        return replace(known, since=refusal.since, secrets=refusal.secrets, probe="")
    return refusal


def take_turn(shared: Refusals, asking: Mapping[str, Refusal], shard: int, now: int) -> Refusals | None:
    """Return the shared record with this shard as the one that asks about these
    causes, None while it may not.

    `asking` has the causes as the shard writes them with its question.
    """
    taken = {}
    for cause, refusal in asking.items():
        known = shared.causes.get(cause, refusal)
        # It is known to work: this question is a notification like any other.
        if known.works:
            continue
        if cause in shared.causes and not (is_due(known, refusal.mark, now) or may_ask(known, now)):
            return None
        taken[cause] = replace(known.tried_with(refusal.mark), probe=str(shard), tried_at=now)
    return shared.having(taken)


def due_in_turn(shared: Refusals, marks: Mapping[str, str], now: int) -> dict[str, str]:
    """Return those of these causes, with their marks, about which no other shard asks or has just asked."""
    return {
        cause: mark
        for cause, mark in marks.items()
        if cause not in shared.causes or is_due(shared.causes[cause], mark, now)
    }
