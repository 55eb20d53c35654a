"""Measure how late the event loop comes back to who sleeps: whatever holds it up, holds up webhooks and pages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from gateway.clock import elapsed_seconds

MEASURE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class LoopLag:
    """`lagged` is told once a second by how many seconds the loop was late."""

    lagged: Callable[[float], None]

    async def run(self) -> None:
        while True:
            began = elapsed_seconds()
            await asyncio.sleep(MEASURE_SECONDS)
            self.lagged(max(0.0, elapsed_seconds() - began - MEASURE_SECONDS))
