"""Commit changes. Waits for a fence; does not retry a lost race (see transact.py)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from gateway.errors import StateUnavailable
from gateway.model.changes import Changes, CommitOutcome, Committed
from gateway.ports import Store

FENCE_STEP_SECONDS = 0.005  # each wait for a fence is longer than the one before by this much
FENCE_PATIENCE = 50  # waits, 6.4 seconds together: three times as long as a fence can last


def fence_waits() -> Iterator[float]:
    """Yield how many seconds to sleep before each new try at a fence that another replica holds."""
    for attempt in range(1, FENCE_PATIENCE + 1):
        yield FENCE_STEP_SECONDS * attempt


async def commit(store: Store, changes: Changes) -> Committed:
    """Commit the changes; the fence of another replica lasts only a moment and is waited for.

    Raises `StateUnavailable`, also where the fence does not end.
    """
    for seconds in fence_waits():
        committed = await store.commit(changes)
        if committed.outcome is not CommitOutcome.FENCED:
            return committed
        await asyncio.sleep(seconds)
    raise StateUnavailable("another replica keeps the shard fenced: try again in a moment")
