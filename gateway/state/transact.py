"""The one loop that reads, decides and commits, with one policy for lost races.

A commit is refused ("lost") when a row that the decision rests on was changed after it was read. That is
normal when replicas work side by side: `transact` reads and decides anew. Work on a claimed subject of the
agenda uses `commit_claimed`, where the agenda is the loop: the subject is simply looked at again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import chain, repeat
from secrets import token_hex
from typing import Generic, NamedTuple, TypeVar

from gateway.errors import StateUnavailable
from gateway.model.changes import Changes, Claim, CommitOutcome, Committed, Release
from gateway.ports import Store
from gateway.state.commit import commit, fence_waits

COMMIT_ATTEMPTS = 3  # plain attempts before the shard is fenced
FENCE_MS = 2_000  # a fence ends by itself after this long, for the case that its holder is killed

Seen = TypeVar("Seen")
Answer = TypeVar("Answer")


class Transacted(NamedTuple, Generic[Answer]):
    """The decision of a transaction. `committed` is None where nothing had to be written."""

    answer: Answer
    committed: Committed | None


async def transact(
    store: Store,
    name: str,
    read: Callable[[], Awaitable[Seen]],
    decide: Callable[[Seen], tuple[Changes | None, Answer]],
) -> Transacted[Answer]:
    """Read, decide and commit until the decision stands.

    `read` gathers everything that the decision needs. `decide` returns the changes to commit and the answer
    for the caller; the changes are None where there is nothing to write. Both are called again after each
    lost race, so `decide` has to be free of effects. After `COMMIT_ATTEMPTS` lost races the shard is fenced
    for a moment, which keeps all other writers out.

    `name` says in metrics and errors what was to be written. Raises `StateUnavailable` where that failed.
    """
    transaction = _Transaction(store, name, read, decide)
    for _ in range(COMMIT_ATTEMPTS):
        done = await transaction.attempt_unfenced()
        if done is not None:
            return done
    return await transaction.attempt_fenced()


@dataclass(frozen=True, slots=True)
class _Transaction(Generic[Seen, Answer]):
    """The parts of one call of `transact`."""

    store: Store
    name: str
    read: Callable[[], Awaitable[Seen]]
    decide: Callable[[Seen], tuple[Changes | None, Answer]]

    async def attempt_unfenced(self) -> Transacted[Answer] | None:
        """Return None after a lost race. A fence of another replica is waited for: that is no lost race."""
        for seconds in fence_waits():
            done = await self._attempt("")
            if done is None or not _is_fenced(done):
                return done
            await asyncio.sleep(seconds)
        raise self._crowded_out()

    async def attempt_fenced(self) -> Transacted[Answer]:
        """Take the shard's fence and try under it; the fence is given back whatever happens."""
        holder = token_hex(8)
        for seconds in fence_waits():
            # Nobody else can commit under this fence, so what is read now still holds at the commit.
            if await self.store.fence(holder, FENCE_MS):
                try:
                    done = await self._attempt(holder)
                finally:
                    await self.store.fence(holder, 0)
                # Where reading took longer than our fence lasts, another replica may still have been quicker.
                if done is not None and not _is_fenced(done):
                    return done
            # Another replica holds the fence, or took it when ours ran out: a fence
            # lasts two seconds at most.
            await asyncio.sleep(seconds)
        raise self._crowded_out()

    async def _attempt(self, fence: str) -> Transacted[Answer] | None:
        changes, answer = self.decide(await self.read())
        if changes is None:
            return Transacted(answer, None)
        changes.fence = fence
        committed = await self.store.commit(changes)
        if committed.outcome is CommitOutcome.LOST:
            self.store.lost_races[self.name] += 1
            return None
        return Transacted(answer, committed)

    def _crowded_out(self) -> StateUnavailable:
        return StateUnavailable(
            f"too many writers on one shard: {self.name} was not written; try again in a moment"
        )


def _is_fenced(done: Transacted[Answer]) -> bool:
    return done.committed is not None and done.committed.outcome is CommitOutcome.FENCED


def known_first(known: Seen, read: Callable[[], Awaitable[Seen]]) -> Callable[[], Awaitable[Seen]]:
    """Return a reader for `transact` that answers `known` the first time and calls `read` each later time."""

    async def answer_known() -> Seen:
        return known

    return first_then(answer_known, read)


def first_then(
    first: Callable[[], Awaitable[Seen]], later: Callable[[], Awaitable[Seen]]
) -> Callable[[], Awaitable[Seen]]:
    """Return a reader for `transact` that calls `first` the first time and `later` each further time."""
    readers = chain((first,), repeat(later))

    def read() -> Awaitable[Seen]:
        reader = next(readers)
        return reader()

    return read


async def commit_claimed(store: Store, claim: Claim, changes: Changes) -> Committed:
    """Commit the changes of work on a claimed subject; `changes` says itself what becomes of the claim.

    Where the race is lost, the subject is given back to be looked at again at once. Raises
    `StateUnavailable`.
    """
    committed = await commit(store, changes)
    if committed.outcome is CommitOutcome.LOST:
        store.lost_races[claim.subject.kind] += 1
        await let_go(store, claim, committed.now)
    return committed


async def commit_late(store: Store, claim: Claim, changes: Changes) -> Committed:
    """Commit the changes of work on a claimed subject that may have taken longer than its lease.

    Where the lease is over, what the changes expect has to hold, and whoever
    has the subject now finds it done: else work that always takes longer would
    be done again and again, and never be written. Raises `StateUnavailable`.
    """
    committed = await commit_claimed(store, claim, changes)
    if committed.outcome is not CommitOutcome.EXPIRED:
        return committed
    changes.releases.clear()
    return await commit(store, changes)


async def let_go(store: Store, claim: Claim, again: int | None) -> Committed:
    """Give a lease back without any other change.

    The subject is due again at `again` (ms of the store's clock), or taken off the agenda where that is None.
    """
    return await commit(store, Changes(releases=[Release(claim, again)]))
