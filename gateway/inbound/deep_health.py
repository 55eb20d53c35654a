"""`/health/deep`: what `/health` says, after asking destinations and store and trying the path."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass

from gateway.clock import elapsed_ms
from gateway.inbound.asked_store import AskedStore
from gateway.model.durations import SECOND
from gateway.simulate.self_test import PathTested

AGAIN_MS = 10 * SECOND  # between two runs, whoever asks

Document = Mapping[str, object]


@dataclass(slots=True)
class DeepHealth:
    """`health` returns the document of `/health`, and is called with whether the store answers now.

    `look_at_destinations` brings up to date what the document says of destinations. `try_the_path` sends
    an alert through a private copy of the gateway.
    """

    store: AskedStore
    health: Callable[[bool], Document]
    look_at_destinations: Callable[[], Awaitable[object]]
    try_the_path: Callable[[], Awaitable[PathTested]]
    _run: asyncio.Task[Document] | None = None
    _begun_at: int = 0

    async def shown(self) -> Document:
        """Return what the last run found, and run again where that began too long ago."""
        if self._run is None or elapsed_ms() - self._begun_at >= AGAIN_MS:
            self._begun_at = elapsed_ms()
            self._run = asyncio.create_task(self._look())
        # Whoever hangs up takes nothing from the others.
        return await asyncio.shield(self._run)

    async def _look(self) -> Document:
        answer, (tested, path_ms), _ = await asyncio.gather(
            self.store.answer(), self._try_the_path(), self.look_at_destinations()
        )
        return {
            **self.health(not answer.trouble),
            "latency_ms": path_ms,
            # Database and cache are the one store.
            "database_latency_ms": answer.milliseconds,
            "cache_latency_ms": answer.milliseconds,
            "detailed_checks": asdict(tested),
        }

    async def _try_the_path(self) -> tuple[PathTested, float]:
        """Return which steps work, and how long an alert takes through them (ms)."""
        clock = asyncio.get_running_loop().time
        began = clock()
        tested = await self.try_the_path()
        return tested, round((clock() - began) * 1000, 2)
