"""The intake and the reconciler of every shard: they wake each other and change their rules together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial

from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.partition import HOME
from gateway.decisions.policy import Policy
from gateway.intake.group_commit import GroupCommit
from gateway.intake.listeners import BatchCounter, Sink, count_nowhere
from gateway.intake.repeats import Repeats
from gateway.intake.sharded import ShardedIntake
from gateway.model.lanes import Pace
from gateway.model.path import Lap, no_laps
from gateway.model.reserve import Reserve
from gateway.model.retention import KEEP_ENDED_MS
from gateway.reconcile import Reconciler
from gateway.reconcile.context import Context
from gateway.reconcile.plan_at_opening import PlannerAtOpening
from gateway.runtime.background import Background
from gateway.state.shards import Shards
from gateway.state.write_lock import WriteLock


class Workers:
    """`intakes` by shard, `intake` over all of them. `reserve` is what they take while the store is full,
    `repeats` their memory of what was sent before.

    `taken` hears of every verdict, `count` of what was committed together. `keep_ended` is for how
    long (ms) what has ended is kept. `laps` times the steps of intake.
    """

    def __init__(
        self,
        shards: Shards,
        correlator: Correlator,
        policy: Policy,
        taken: Sink,
        count: BatchCounter = count_nowhere,
        keep_ended: int = KEEP_ENDED_MS,
        laps: Callable[[], Lap] = no_laps,
    ) -> None:
        self.reserve = Reserve(len(shards.states), len(policy.rules.sources))
        self.repeats = Repeats()
        self.taken = taken
        self._shards = shards
        self._reconcilers: list[Reconciler] = []
        self._write_locks = [WriteLock() for _ in shards.states]
        self.intakes = [
            GroupCommit(
                store,
                correlator,
                woken=partial(self._wake, shard),
                taken=taken,
                count=count,
                reserve=self.reserve,
                keep_ended=keep_ended,
                write_lock=self._write_locks[shard],
                laps=laps,
                shard=shard,
                repeats=self.repeats,
            )
            for shard, store in enumerate(shards.states)
        ]
        self.intake = ShardedIntake(self.intakes, policy)

    def reconcile(self, context: Context, paces: Mapping[str, Pace]) -> None:
        """Make the reconciler of every shard, with `context` and the shard's own state in it."""
        for shard, (store, intake) in enumerate(zip(self._shards.states, self.intakes, strict=True)):
            home = shard == HOME
            elsewhere = self._shards.states[HOME + 1 :] if home else ()
            home_store = None if home else self._shards.home
            own = replace(
                context,
                store=store,
                shard=shard,
                home=home,
                elsewhere=elsewhere,
                home_store=home_store,
                write_lock=self._write_locks[shard],
                large=set(),
            )
            self._reconcilers.append(Reconciler(own, paces, intake.crowded))
            intake.plan_by(PlannerAtOpening(own))

    def wake(self) -> None:
        for reconciler in self._reconcilers:
            reconciler.wake()

    def _wake(self, shard: int) -> None:
        self._reconcilers[shard].wake()

    def use(self, correlator: Correlator, policy: Policy, generations: Sequence[int]) -> None:
        """Put a new rule set in force; `generations` by shard."""
        self.intake.use(correlator, policy)
        self.reserve.sources = len(policy.rules.sources)
        for reconciler, generation in zip(self._reconcilers, generations, strict=True):
            reconciler.use(policy, generation)

    def start(self, stack: AsyncExitStack, count: Callable[[str, str], None] = count_nowhere) -> None:
        """Reconcile until the stack ends, and finish then what was begun. `count` is `background`'s."""
        work = [Background(reconciler.run, count) for reconciler in self._reconcilers]
        stack.push_async_callback(self._finish, work)

    async def _finish(self, work: Sequence[Background]) -> None:
        """Stop all shards together: one after the other they would take the time of a send each."""
        pairs = zip(self._reconcilers, work, strict=True)
        await asyncio.gather(*(shard.finish(reconciler.stop) for reconciler, shard in pairs))
