"""Look every second how full the store is, say so before it refuses alerts, and have it forget what it may."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import structlog

from gateway.errors import StateUnavailable
from gateway.model.own_alert import STORE_FILLING
from gateway.model.reserve import Reserve
from gateway.model.store_memory import StoreMemory
from gateway.ports import Report
from gateway.reconcile.make_room import MOST_TOMBSTONES, RoomMaker
from gateway.state.looking import look_again_and_again
from gateway.telemetry.metrics import Metrics

log = structlog.get_logger("gateway.store_memory")

FORGET_FROM, FORGET_TO = 0.85, 0.82  # of the limit: above where it is reported, so that people know of it
BYTES_FOR_A_TOMBSTONE = 2_000  # of the limit: tombstones take about a twentieth of it at most
FORGET_SECONDS = 0.5  # of each look, so that forgetting leaves time to all other work
LOOK_SECONDS = 1.0  # a source that floods fills a small store within seconds

ReadMemory = Callable[[], Awaitable[StoreMemory | None]]


@dataclass(slots=True)
class MemoryWatch:
    """`memory` is what the last look found, None where the servers do not say it."""

    read: ReadMemory
    metrics: Metrics
    report: Report
    reserve: Reserve
    rooms: Sequence[RoomMaker] = ()
    memory: StoreMemory | None = None
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Look again and again until cancelled. A store that is away is waited for."""

        def away(error: StateUnavailable) -> None:
            log.debug("store_memory_unknown", error=str(error))

        await look_again_and_again(self.look, self._wake, LOOK_SECONDS, away)

    async def look(self) -> None:
        """Look once. Raises `StateUnavailable`."""
        for room in self.rooms:
            await room.shorten()
        memory = await self._measure()
        if memory is None:
            return
        if memory.is_filling:
            # Told while there is room: what is refused later reaches nobody until its sender comes again.
            self.report(STORE_FILLING, {}, "Over four fifths of the store's memory are used.")
        for room in self.rooms:
            await room.sweep_tombstones()
        if memory.share >= FORGET_FROM:
            await self._make_room()

    async def _measure(self) -> StoreMemory | None:
        self.memory = await self.read()
        if self.memory is not None:
            self.metrics.store_memory(self.memory)
            self.reserve.limit = self.memory.limit
        if self.memory is not None and self.memory.limit is not None:
            for room in self.rooms:
                fits = self.memory.limit // BYTES_FOR_A_TOMBSTONE // len(self.rooms)
                room.most_tombstones = min(MOST_TOMBSTONES, fits)
        return self.memory

    async def _make_room(self) -> None:
        """Forget for a moment, until there is room again or nothing is left that may be forgotten."""
        try:
            await self._forget(asyncio.get_running_loop().time() + FORGET_SECONDS)
        finally:
            self._say_forgotten()

    async def _forget(self, ends: float) -> None:
        while asyncio.get_running_loop().time() < ends:
            more = [await room.make_room() for room in self.rooms]
            memory = await self._measure()
            if not any(more) or memory is None or memory.share <= FORGET_TO:
                return

    def _say_forgotten(self) -> None:
        for room in self.rooms:
            for source, alerts in room.forgotten.items():
                self.metrics.sources.forgotten(source, alerts)
                log.warning("forgotten_early", source=source, alerts=alerts, memory=str(self.memory))
            room.forgotten.clear()
            for source, lives in room.forgotten_lives.items():
                self.metrics.sources.lives_forgotten(source, lives)
                log.warning("history_forgotten_early", source=source, lives=lives, memory=str(self.memory))
            room.forgotten_lives.clear()

    def worries(self) -> list[str]:
        """Return a sentence for `/health` while the store fills up."""
        if self.memory is None or not self.memory.is_filling:
            return []
        return [f"the store uses {self.memory}: docs/own-alerts.md, GatewayStoreFilling, says what to do"]
