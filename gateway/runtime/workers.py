"""The intake and the reconciler of every shard: they wake each other and change their rules together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial

from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.partition import HOME
from gateway.decisions.policy import Policy
from gateway.intake.group_commit import BatchCounter, GroupCommit, Sink, count_nowhere
from gateway.intake.sharded import ShardedIntake
from gateway.model.lanes import Pace
from gateway.reconcile import Reconciler
from gateway.reconcile.context import Context
from gateway.state.shards import Shards


class Workers:
    """`intakes` by shard, `intake` over all of them.

    `taken` hears of every verdict, `count` of what was committed together.
    """

    def __init__(
        self,
        shards: Shards,
        correlator: Correlator,
        policy: Policy,
        taken: Sink,
        count: BatchCounter = count_nowhere,
    ) -> None:
        self._shards = shards
        self._reconcilers: list[Reconciler] = []
        self.intakes = [
            GroupCommit(store, correlator, woken=partial(self._wake, shard), taken=taken, count=count)
            for shard, store in enumerate(shards.states)
        ]
        self.intake = ShardedIntake(self.intakes, policy)

    def reconcile(self, context: Context, paces: Mapping[str, Pace]) -> None:
        """Make the reconciler of every shard, with `context` and the shard's own state in it."""
        for shard, (store, intake) in enumerate(zip(self._shards.states, self.intakes, strict=True)):
            home = shard == HOME
            elsewhere = self._shards.states[HOME + 1 :] if home else ()
            own = replace(context, store=store, shard=shard, home=home, elsewhere=elsewhere)
            self._reconcilers.append(Reconciler(own, paces, intake.crowded))

    def wake(self) -> None:
        for reconciler in self._reconcilers:
            reconciler.wake()

    def _wake(self, shard: int) -> None:
        self._reconcilers[shard].wake()

    def use(self, correlator: Correlator, policy: Policy, generations: Sequence[int]) -> None:
        """Put a new rule set in force; `generations` by shard."""
        self.intake.use(correlator, policy)
        for reconciler, generation in zip(self._reconcilers, generations, strict=True):
            reconciler.use(policy, generation)

    def start(self, stack: AsyncExitStack) -> None:
        """Reconcile until the stack ends, and finish then what was begun."""
        for reconciler in self._reconcilers:
            stack.push_async_callback(_finish, reconciler, asyncio.create_task(reconciler.run()))


async def _finish(reconciler: Reconciler, work: asyncio.Task[None]) -> None:
    reconciler.stop()
    await work
