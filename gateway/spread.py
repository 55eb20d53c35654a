"""Spread: every observation goes to the intake of its partition's slot."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from gateway.decisions.correlate import Correlator
from gateway.decisions.partition import HOME, partition_of, slot_of
from gateway.intake import Intake
from gateway.model.alert import Observation
from gateway.model.stray import Stray


class SpreadIntake:
    """`intakes` by slot. A webhook that is for several slots counts as taken when each of them has its part.

    Where one could not take it, all of it is sent again, and the others know their part by then.
    """

    def __init__(self, intakes: Sequence[Intake], partition_by: Sequence[str]) -> None:
        self._intakes = intakes
        self._by = tuple(partition_by)

    async def accept(self, seen: Sequence[Observation], strays: Sequence[Stray]) -> None:
        """Durable on return. Raises `StateUnavailable`."""
        if len(self._intakes) == 1:
            await self._intakes[HOME].accept(seen, strays)
            return
        parts: dict[int, list[Observation]] = {HOME: []} if strays or not seen else {}
        for one in seen:
            parts.setdefault(slot_of(partition_of(one.labels, self._by), len(self._intakes)), []).append(one)
        given = [self._intakes[slot].accept(part, strays if slot == HOME else ()) for slot, part in parts.items()]
        for fault in await asyncio.gather(*given, return_exceptions=True):
            if fault is not None:
                raise fault

    def use(self, correlator: Correlator) -> None:
        for intake in self._intakes:
            intake.correlator = correlator

    async def drain(self) -> None:
        for intake in self._intakes:
            await intake.drain()

    @property
    def lost_races(self) -> int:
        return sum(intake.lost_races for intake in self._intakes)
