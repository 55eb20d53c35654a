"""How long the loop was held up."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic, thread_time


@dataclass
class Lag:
    """The longest turn (seconds) of the loop: by the clock, and by the work of its thread alone."""

    longest: float = 0
    work: float = 0


@asynccontextmanager
async def measured_lag() -> AsyncIterator[Lag]:
    lag = Lag()

    async def watch() -> None:
        while True:
            at, worked = monotonic(), thread_time()
            await asyncio.sleep(0.002)
            lag.longest = max(lag.longest, monotonic() - at)
            lag.work = max(lag.work, thread_time() - worked)

    # As `gateway serve` does once it has started: a search for garbage among all that earlier tests have left would count as
    # work of this one.
    gc.collect()
    gc.freeze()
    watching = asyncio.create_task(watch())
    try:
        yield lag
    finally:
        watching.cancel()
