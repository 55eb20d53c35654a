"""Which replica's rules count, where replicas have different ones: the newest, for as long as a
replica that has them lives.

The generation in the store names the rules that plan. Each replica signs every few seconds. Where the last
replica with the newest rules has stopped or died, as when a rollout is taken back, one with
older rules announces its own as the next generation. So the store always names one rule set,
and no two sets plan at once.
"""

from __future__ import annotations

from typing import NamedTuple

from gateway.model.durations import MINUTE, SECOND
from gateway.model.rule_generation import RuleGeneration, RuleHolders, Sign

SIGN_EVERY = 3 * SECOND
GONE_AFTER = 12 * SECOND  # since the last sign of a replica: four in a row are missing
# The version before signs every ten seconds, and in the row of the generation alone.
OLDER_GONE_AFTER = MINUTE
PASSED_OVER_KEPT = 16  # generations


class Replica(NamedTuple):
    """A replica, by a name of its own, with the generation and the revision of its rules."""

    name: str
    generation: int
    revision: str


class Agreement(NamedTuple):
    """The store's word on the rules of all replicas."""

    newest: RuleGeneration
    holders: RuleHolders

    def is_held(self, now: int) -> bool:
        """Return whether a replica that has the newest rules lives."""
        signs = self.holders.signs.values()
        last = max((sign.at for sign in signs if sign.generation == self.newest.generation), default=0)
        if now - last < GONE_AFTER:
            return True
        # Of a replica of the version before, only this row has a sign, and a newer one than the others have.
        seen_at = self.newest.seen_at
        return seen_at is not None and seen_at > last and now - seen_at < OLDER_GONE_AFTER


def announce(replica: Replica, known: Agreement, now: int) -> tuple[int, Agreement]:
    """Return the generation of a replica's rules where it brings them anew, and the agreement after that.

    Other rules than the newest become the next generation.
    """
    if replica.revision == known.newest.revision:
        generation, passed_over = known.newest.generation, known.holders.passed_over
    else:
        # Where the store was emptied, the replicas' own generations still tell which rules are the newest.
        generation, passed_over = max(known.newest.generation + 1, replica.generation), ()
    return generation, _signed(replica, generation, known, passed_over, now)


def sign(replica: Replica, known: Agreement, now: int) -> tuple[int, Agreement] | None:
    """Return the replica's generation and the agreement after its sign; None where there is nothing to say."""
    if replica.revision == known.newest.revision:
        # It has the newest rules: its sign keeps replicas with older ones from planning.
        if replica.generation == known.newest.generation and not _is_due(replica, known, now):
            return None
        generation = known.newest.generation
        return generation, _signed(replica, generation, known, known.holders.passed_over, now)
    if _comes_back(replica, known, now):
        return announce(replica, known, now)
    if known.is_held(now) or _is_left_to_another(replica, known, now):
        # Another replica plans. This one says that it is there, since that one may go.
        if not _is_due(replica, known, now):
            return None
        return replica.generation, known._replace(holders=_with_sign(replica, replica.generation, known, now))
    # Nobody who has the newest rules lives: people are told by the older ones rather than by nobody.
    passed_over = (*known.holders.passed_over, known.newest.generation)[-PASSED_OVER_KEPT:]
    generation = known.newest.generation + 1
    return generation, _signed(replica, generation, known, passed_over, now)


def give_back(replica: Replica, known: Agreement, now: int) -> Agreement:
    """Return the agreement after a replica has stopped: where it was the last with its
    rules, others plan at once.
    """
    signs = {name: sign for name, sign in known.holders.signs.items() if name != replica.name}
    after = known._replace(holders=known.holders._replace(signs=signs))
    others = any(
        sign.generation == known.newest.generation and now - sign.at < GONE_AFTER for sign in signs.values()
    )
    if replica.revision != known.newest.revision or others:
        return after
    return after._replace(newest=known.newest._replace(seen_at=None))


def _comes_back(replica: Replica, known: Agreement, now: int) -> bool:
    """Return whether this replica's rules are the newest in truth, though the store names others."""
    # The store has lost what it knew, as when it was emptied.
    if known.newest.generation < replica.generation:
        return True
    # It was taken for gone, as when its machine was frozen. Of several it is the one with the newest rules.
    passed_over = known.holders.passed_over
    return replica.generation in passed_over and not _is_left_to_another(replica, known, now, passed_over)


def _is_left_to_another(
    replica: Replica, known: Agreement, now: int, among: tuple[int, ...] | None = None
) -> bool:
    """Return whether another living replica has newer rules than this one."""
    return any(
        sign.generation > replica.generation
        and now - sign.at < GONE_AFTER
        and (among is None or sign.generation in among)
        for sign in known.holders.signs.values()
        if sign.generation != known.newest.generation
    )


def _is_due(replica: Replica, known: Agreement, now: int) -> bool:
    last = known.holders.signs.get(replica.name)
    return last is None or last.generation != replica.generation or now - last.at >= SIGN_EVERY


def _signed(
    replica: Replica, generation: int, known: Agreement, passed_over: tuple[int, ...], now: int
) -> Agreement:
    holders = _with_sign(replica, generation, known, now)
    newest = RuleGeneration(generation, replica.revision, now)
    return Agreement(newest, holders._replace(passed_over=passed_over))


def _with_sign(replica: Replica, generation: int, known: Agreement, now: int) -> RuleHolders:
    # A sign that is too old to count is kept for a while: the row of the generation looks alive for as long.
    kept = {name: sign for name, sign in known.holders.signs.items() if now - sign.at < OLDER_GONE_AFTER}
    return known.holders._replace(signs=kept | {replica.name: Sign(generation, now)})
