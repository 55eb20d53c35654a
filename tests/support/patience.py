"""How long tests wait for what has to come about, on machines that are quick, slow or busy with others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PATIENCE = 120.0  # seconds; only what never comes takes so long
TURN_SECONDS = 0.01


@asynccontextmanager
async def quickly(seconds: float) -> AsyncIterator[None]:
    """Raise `TimeoutError` where this takes longer, counted in turns of the loop instead of by the clock.

    A process that waits for its processor turns no loop meanwhile, so a busy machine makes nothing late.
    """
    async with asyncio.timeout(None) as bound:

        async def count() -> None:
            for _ in range(round(seconds / TURN_SECONDS)):
                await asyncio.sleep(TURN_SECONDS)
            bound.reschedule(asyncio.get_running_loop().time())

        counting = asyncio.create_task(count())
        try:
            yield
        finally:
            counting.cancel()
