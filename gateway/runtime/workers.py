"""Workers: the intake and the reconciler of every slot. They wake each other, and change their rules together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial

from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.partition import HOME
from gateway.decisions.policy import Policy
from gateway.intake.group_commit import Intake, Sink
from gateway.intake.sharded import SpreadIntake
from gateway.model.lanes import Pace
from gateway.reconcile import Reconciler
from gateway.reconcile.context import Context
from gateway.state.shards import Slots


class Workers:
    """`intakes` by slot, `intake` over all of them."""

    def __init__(self, slots: Slots, correlator: Correlator, policy: Policy, taken: Sink) -> None:
        self._slots = slots
        self._reconcilers: list[Reconciler] = []
        self.intakes = [
            Intake(store, correlator, woken=partial(self._wake, slot), taken=taken) for slot, store in enumerate(slots.states)
        ]
        self.intake = SpreadIntake(self.intakes, policy)

    def reconcile(self, context: Context, paces: Mapping[str, Pace]) -> None:
        """What the steps of every slot find: `context`, with their own state in it."""
        for slot, (store, intake) in enumerate(zip(self._slots.states, self.intakes, strict=True)):
            home = slot == HOME
            elsewhere = self._slots.states[HOME + 1 :] if home else ()
            own = replace(context, store=store, slot=slot, home=home, elsewhere=elsewhere)
            self._reconcilers.append(Reconciler(own, paces, intake.crowded))

    def wake(self) -> None:
        for reconciler in self._reconcilers:
            reconciler.wake()

    def _wake(self, slot: int) -> None:
        self._reconcilers[slot].wake()

    def use(self, correlator: Correlator, policy: Policy, generations: Sequence[int]) -> None:
        """A new rule set is in force; `generations` by slot."""
        self.intake.use(correlator, policy)
        for reconciler, generation in zip(self._reconcilers, generations, strict=True):
            reconciler.use(policy, generation)

    def start(self, stack: AsyncExitStack) -> None:
        """Reconcile until the stack ends; what was begun by then is finished."""
        for reconciler in self._reconcilers:
            stack.push_async_callback(_finish, reconciler, asyncio.create_task(reconciler.run()))


async def _finish(reconciler: Reconciler, work: asyncio.Task[None]) -> None:
    reconciler.stop()
    await work
