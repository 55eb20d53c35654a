"""Examine the destinations as `gateway doctor` does, which sends nothing to people, and remember what was found."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from gateway.clock import elapsed_ms
from gateway.model.durations import MINUTE
from gateway.model.rules.destination import Destination
from gateway.model.rules.rulebook import Rulebook
from gateway.outbound.kind import DestinationKind, Mark, Wiring
from gateway.outbound.registry import DESTINATION_KINDS, kind_of
from gateway.ports import Secrets

log = structlog.get_logger("gateway.health")

KEEP_MS = MINUTE  # how long what was found counts: vendors count each look
COUNTS_MS = 5 * MINUTE  # how long /health goes by it
SECONDS = 5.0  # for one destination
TOGETHER = 8  # destinations that are looked at at once


@dataclass(slots=True)
class DestinationsCheck:
    """`rules` returns those in force, `wired` what a kind examines its destinations with.

    A destination that lacks a secret is left out: another worry says so.
    """

    rules: Callable[[], Rulebook]
    secrets: Secrets
    wired: Callable[[DestinationKind], Wiring]
    _failed: tuple[str, ...] = ()
    _looked_at: int | None = None
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    def failed(self) -> tuple[str, ...]:
        """Return the names of those that did not pass lately; empty where nobody has looked for a while."""
        return self._failed if self._age() < COUNTS_MS else ()

    async def look(self) -> tuple[str, ...]:
        """Examine all destinations, unless that was done just now, and return those that do not pass."""
        async with self._looking:
            if self._age() >= KEEP_MS:
                found = [each for each in self.rules().destinations.values() if self._has_secrets(each)]
                places = asyncio.Semaphore(TOGETHER)
                passed = await asyncio.gather(*(self._passes(each, places) for each in found))
                self._failed = tuple(each.name for each, well in zip(found, passed, strict=True) if not well)
                self._looked_at = elapsed_ms()
            return self._failed

    def _age(self) -> int:
        return COUNTS_MS if self._looked_at is None else elapsed_ms() - self._looked_at

    def _has_secrets(self, destination: Destination) -> bool:
        names = destination.credentials
        return destination.kind in DESTINATION_KINDS and all(
            self.secrets.secret(name, destination.kind) is not None for name in names
        )

    async def _passes(self, destination: Destination, places: asyncio.Semaphore) -> bool:
        kind = kind_of(destination)
        secrets = {
            name: self.secrets.secret(name, destination.kind) or "" for name in destination.credentials
        }
        try:
            async with places, asyncio.timeout(SECONDS):
                examined = await kind.examine(destination, secrets, self.wired(kind))
        except TimeoutError:
            log.warning("destination_check_unanswered", destination=destination.name)
            return False
        return examined.mark is not Mark.BAD
