"""Keep the generation of this replica's rules in the store, shard by shard, with a sign
of life every few seconds.

The decisions are in `decisions/rule_holders.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from secrets import token_hex
from typing import TypeVar

import structlog

from gateway.clock import seconds_to_next_look
from gateway.decisions.rule_holders import Agreement, Replica, announce, give_back, sign
from gateway.errors import StateUnavailable
from gateway.model.agenda import NEW_RULES, UNASKED
from gateway.model.cells import RULE_HOLDERS, RULES
from gateway.model.changes import Changes, Query, Result
from gateway.model.rule_generation import load_rule_generation, load_rule_holders
from gateway.state.shards import Shards
from gateway.state.transact import transact
from gateway.telemetry.own_work import OWN_WORK

log = structlog.get_logger("gateway.rules")

LOOK_SECONDS = 1.0  # between two looks whether the replica with the newest rules still lives

Answer = TypeVar("Answer")

_BOTH_ROWS = Query(cells=(RULES, RULE_HOLDERS))


class Generations:
    """The generation of one replica's rules in each shard. `changed` is called when one of them is another."""

    def __init__(self, shards: Shards, revision: str, changed: Callable[[], None]) -> None:
        self.revision = revision
        self.by_shard = [0] * len(shards.states)
        self._shards = shards
        self._changed = changed
        self._name = token_hex(8)

    async def announce(self, revision: str) -> None:
        """Announce new rules in every shard. Raises `StateUnavailable`."""
        for shard in range(len(self._shards.states)):
            await self._announce(shard, revision)
        self.revision = revision

    async def _announce(self, shard: int, revision: str) -> None:
        replica = self._replica(shard)._replace(revision=revision)

        def decide(gathered: Result) -> tuple[Changes | None, int]:
            known = _agreement(gathered)
            generation, after = announce(replica, known, gathered.now)
            changes = _changes(gathered, known, after)
            # Who starts may bring other credentials, and may find dead letters of a version that asked nobody
            # again.
            changes.schedule(UNASKED, gathered.now, 9)
            return changes, generation

        self.by_shard[shard] = await self._transact(shard, decide)

    async def keep(self, shard: int) -> None:
        """Sign in one shard until cancelled, and see there whether this replica's rules are those that plan."""
        while True:
            await asyncio.sleep(seconds_to_next_look(LOOK_SECONDS, shard))
            try:
                await self.look(shard)
            except StateUnavailable as error:
                with OWN_WORK.failed("rules"):
                    log.debug("rules_not_signed", shard=shard, error=str(error))

    async def look(self, shard: int) -> None:
        """Sign in one shard, where a sign is due. Raises `StateUnavailable`."""
        replica = self._replica(shard)

        def decide(gathered: Result) -> tuple[Changes | None, tuple[int, bool]]:
            known = _agreement(gathered)
            signed = sign(replica, known, gathered.now)
            if signed is None:
                return None, (replica.generation, False)
            generation, after = signed
            took_over = after.newest.generation != known.newest.generation
            return _changes(gathered, known, after), (generation, took_over)

        generation, took_over = await self._transact(shard, decide)
        # Rules that were swapped meanwhile have announced a generation of their own.
        if replica != self._replica(shard) or generation == replica.generation:
            return
        self.by_shard[shard] = generation
        self._changed()
        if took_over:
            log.warning("rules_taken_over", shard=shard, revision=self.revision, generation=generation)

    async def give_back(self) -> None:
        """Say in every shard that this replica has stopped. A store that is away hears nothing of it."""
        for shard in range(len(self._shards.states)):
            replica = self._replica(shard)

            def decide(gathered: Result, replica: Replica = replica) -> tuple[Changes | None, None]:
                known = _agreement(gathered)
                return _changes(gathered, known, give_back(replica, known, gathered.now)), None

            try:
                await self._transact(shard, decide)
            except StateUnavailable as error:
                with OWN_WORK.failed("rules"):
                    log.debug("rules_not_given_back", shard=shard, error=str(error))

    def _replica(self, shard: int) -> Replica:
        return Replica(self._name, self.by_shard[shard], self.revision)

    async def _transact(
        self, shard: int, decide: Callable[[Result], tuple[Changes | None, Answer]]
    ) -> Answer:
        state = self._shards.states[shard]
        return (await transact(state, "rules", partial(state.gather, _BOTH_ROWS), decide)).answer


def _agreement(gathered: Result) -> Agreement:
    rows = gathered.rows
    return Agreement(load_rule_generation(rows[RULES].value), load_rule_holders(rows[RULE_HOLDERS].value))


def _changes(gathered: Result, known: Agreement, after: Agreement) -> Changes:
    """Return the changes that write the agreement.

    Where other rules are the newest now, the same commit has all incidents planned again: after a crash, too.
    """
    changes = Changes()
    for cell, row in ((RULES, after.newest.dump()), (RULE_HOLDERS, after.holders.dump())):
        changes.expect[cell] = gathered.rows[cell].version
        changes.put[cell] = row
    if after.newest.generation != known.newest.generation:
        changes.schedule(NEW_RULES, gathered.now, 0)
    return changes
