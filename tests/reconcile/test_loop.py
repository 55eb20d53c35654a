"""The loop finishes what it has claimed, and leaves the rest to others."""

from __future__ import annotations

import asyncio

from gateway.decisions.intake.correlate import Correlator
from gateway.intake.group_commit import Intake
from gateway.model.changes import Claimed
from gateway.model.lanes import LaneRule
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.reconcile import Reconciler
from gateway.storage.memory import MemoryStore
from tests.support.build import START, rulebook, seen
from tests.support.world import World


class Late(MemoryStore):
    """A claim that is answered only after the end was asked for."""

    reconciler: Reconciler

    async def claim(self, limit: int, lease: int, lanes: LaneRule) -> Claimed:
        found = await super().claim(limit, lease, lanes)
        if found.claims:
            self.reconciler.stop()
        return found


async def test_what_was_claimed_when_the_end_came_is_finished_and_no_lease_is_left() -> None:
    world = World(rulebook(Route("everything", BUILT_IN, notify=("chat",), group_wait=0)))
    store = Late(lambda: START)
    world.reconciler.context.store = store
    store.reconciler = world.reconciler
    intake = Intake(store, Correlator(rulebook()), woken=lambda: None, taken=lambda *_: None)
    await intake.accept([seen()], [])
    await asyncio.wait_for(world.reconciler.run(), 5)
    assert not store._agenda._leases
