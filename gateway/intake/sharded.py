"""Spread: every observation goes to the intake of its partition's shard, and what is a heartbeat is known in all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.partition import HOME, partition_of, shard_of
from gateway.decisions.policy import Policy
from gateway.intake.group_commit import Intake
from gateway.model.alert import Observation
from gateway.model.quarantined import Quarantined


class ShardedIntake:
    """`intakes` by shard. A webhook that is for several shards counts as taken when each of them has its part.

    Where one could not take it, all of it is sent again, and the others know their part by then.
    """

    def __init__(self, intakes: Sequence[Intake], policy: Policy) -> None:
        self._intakes = intakes
        self._by = policy.rules.partition_by
        self._watchdogs = policy.suppressor.watchdogs

    async def accept(self, seen: Sequence[Observation], quarantined: Sequence[Quarantined]) -> None:
        """Durable on return. Raises `StateUnavailable`."""
        heard = self._watchdogs.heard(seen)
        if len(self._intakes) == 1:
            await self._intakes[HOME].accept(seen, quarantined, heard)
            return
        parts: dict[int, list[Observation]] = {HOME: []} if quarantined or not seen else {}
        if heard:
            parts = {shard: [] for shard in range(len(self._intakes))}
        for one in seen:
            parts.setdefault(shard_of(partition_of(one.labels, self._by), len(self._intakes)), []).append(one)
        given = [
            self._intakes[shard].accept(part, quarantined if shard == HOME else (), heard) for shard, part in parts.items()
        ]
        for fault in await asyncio.gather(*given, return_exceptions=True):
            if fault is not None:
                raise fault

    def use(self, correlator: Correlator, policy: Policy) -> None:
        self._watchdogs = policy.suppressor.watchdogs
        for intake in self._intakes:
            intake.correlator = correlator

    async def drain(self) -> None:
        for intake in self._intakes:
            await intake.drain()

    @property
    def lost_races(self) -> int:
        return sum(intake.lost_races for intake in self._intakes)
