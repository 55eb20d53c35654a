"""Ask the store whether it answers now, once for all who want to know that meanwhile."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import NamedTuple

from gateway.errors import StateUnavailable
from gateway.ports import Store

STORE_SECONDS = 2.0


class StoreAnswer(NamedTuple):
    """`milliseconds` is how long the store took, None where it did not answer: `trouble` says why then."""

    milliseconds: float | None
    trouble: str = ""


@dataclass(slots=True)
class AskedStore:
    """Asks the store; anybody may want to know as often as they like, and it is asked once at a time."""

    store: Store
    _asking: asyncio.Task[StoreAnswer] | None = field(default=None, init=False)

    async def answer(self) -> StoreAnswer:
        """Return how the store answered, after `STORE_SECONDS` at most."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        # Whoever hangs up takes nothing from the others.
        return await asyncio.shield(self._asking)

    async def _ask(self) -> StoreAnswer:
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            async with asyncio.timeout(STORE_SECONDS):
                await self.store.now()
        except (StateUnavailable, TimeoutError) as error:
            return StoreAnswer(None, str(error) or "it does not answer in time")
        return StoreAnswer(round((clock() - began) * 1000, 2))
