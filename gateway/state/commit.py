"""Commit changes, and wait while another replica fences the shard."""

from __future__ import annotations

import asyncio

from gateway.errors import StateUnavailable
from gateway.model.changes import Changes, Claim, CommitOutcome, Committed, Release
from gateway.ports import Store

FENCE_STEP = 0.05  # seconds
FENCE_TRIES = 100  # longer than a fence can last


async def commit(store: Store, changes: Changes) -> Committed:
    """Another replica's fence lasts a moment: it is waited for. Raises `StateUnavailable`, also where it does not end."""
    for _ in range(FENCE_TRIES):
        committed = await store.commit(changes)
        if committed.outcome is not CommitOutcome.FENCED:
            return committed
        await asyncio.sleep(FENCE_STEP)
    raise StateUnavailable("somebody keeps the shard fenced")


async def let_go(store: Store, claim: Claim, again: int | None) -> Committed:
    """Give a lease back without any other change."""
    return await commit(store, Changes(releases=[Release(claim, again)]))
