"""The workers of all shards wake each other and change their rules together."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.policy import Policy
from gateway.model.changes import Changes, Claimed, Committed, Query, Result, Table
from gateway.model.durations import HOUR
from gateway.model.lanes import LaneRule
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.model.rules.rulebook import Rulebook
from gateway.runtime import background
from gateway.runtime.workers import Workers
from gateway.state.shards import Shards
from gateway.storage.memory import MemoryStore
from tests.support.build import START, rulebook, seen
from tests.support.patience import PATIENCE
from tests.support.world import World

AT_ONCE = rulebook(Route("everything", BUILT_IN, notify=("chat",), group_wait=0))
RULES = replace(AT_ONCE, partition_by=("tenant",))
TENANTS = [f"t{number}" for number in range(8)]


def workers(rules: Rulebook = RULES) -> tuple[Workers, World, list[MemoryStore]]:
    """Those of three shards; the world's destinations write down what they are told."""
    world, policy = World(rules), Policy(rules)
    stores = [MemoryStore(lambda: START) for _ in range(3)]
    made = Workers(
        Shards(stores),
        Correlator(rules),
        policy,
        lambda _verdicts, _now: None,
        lambda _purpose, _outcome: None,
    )
    made.reconcile(replace(world.reconciler.context, policy=policy), {})
    return made, world, stores


async def test_what_is_taken_in_any_shard_is_told_without_being_waited_for() -> None:
    made, world, stores = workers()
    async with AsyncExitStack() as stack:
        made.start(stack)
        await asyncio.sleep(0)
        await made.intake.accept([seen(tenant=tenant) for tenant in TENANTS], [])
        async with asyncio.timeout(PATIENCE):
            while len(world.slack.sent) < len(TENANTS):
                await asyncio.sleep(0.01)
    assert sum(len(store.rows[Table.INCIDENTS]) for store in stores) == len(TENANTS)
    assert len([store for store in stores if store.rows[Table.INCIDENTS]]) > 1


class Distant(MemoryStore):
    """A store whose answers take a moment, in which others ask it too."""

    async def gather(self, ask: Query) -> Result:
        found = await super().gather(ask)
        await asyncio.sleep(0.001)
        return found

    async def commit(self, changes: Changes) -> Committed:
        await asyncio.sleep(0.001)
        return await super().commit(changes)


async def test_webhooks_and_plans_of_the_same_incidents_lose_no_race_to_each_other() -> None:
    # Nothing is told within the test: a plan may well lose a race to a delivery.
    later = rulebook(Route("everything", BUILT_IN, notify=("chat",), group_wait=HOUR))
    world, policy, store = World(later), Policy(later), Distant(lambda: START)
    made = Workers(Shards([store]), Correlator(later), policy, lambda _verdicts, _now: None)
    made.reconcile(replace(world.reconciler.context, policy=policy), {})
    async with AsyncExitStack() as stack:
        made.start(stack)
        for number in range(30):
            together = [seen(service=service, pod=f"p{number}") for service in "abc"]
            await made.intake.accept(together, [])
        async with asyncio.timeout(PATIENCE):
            while store.counted["open:waiting"]:
                await asyncio.sleep(0.001)
    assert not store.lost_races["webhook"]
    assert not store.lost_races["plan"]
    assert store.counted["open:planned"] == 90


async def test_what_was_begun_is_finished_at_the_end_and_no_lease_is_left() -> None:
    made, _, stores = workers()
    async with AsyncExitStack() as stack:
        made.start(stack)
        await made.intake.accept([seen(tenant=tenant) for tenant in TENANTS], [])
        await asyncio.sleep(0)
    assert not any(store._agenda._leases for store in stores), "a lease would keep others from going on"


class Failing(MemoryStore):
    """A store whose first claim ends as nothing should: in a fault, or cancelled by a library."""

    error: BaseException | None = None

    async def claim(self, limit: int, lease: int, lanes: LaneRule) -> Claimed:
        error, self.error = self.error, None
        if error is not None:
            raise error
        return await super().claim(limit, lease, lanes)


@pytest.mark.parametrize(
    ("error", "end"), [(ValueError("a fault of ours"), "fault"), (asyncio.CancelledError(), "cancelled")]
)
async def test_people_are_told_though_a_library_or_a_fault_has_ended_the_reconciler(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, end: str
) -> None:
    monkeypatch.setattr(background, "RESTART_SECONDS", 0)
    world, policy, store = World(AT_ONCE), Policy(AT_ONCE), Failing(lambda: START)
    store.error = error
    made = Workers(Shards([store]), Correlator(AT_ONCE), policy, lambda _verdicts, _now: None)
    made.reconcile(replace(world.reconciler.context, policy=policy), {})
    counted: list[tuple[str, str]] = []
    async with AsyncExitStack() as stack:
        made.start(stack, lambda work, how: counted.append((work, how)))
        await made.intake.accept([seen()], [])
        async with asyncio.timeout(PATIENCE):
            while not world.slack.sent:
                await asyncio.sleep(0.01)
    assert counted == [("Reconciler.run", end)]
    assert not store._agenda._leases


async def test_the_home_shard_alone_does_what_concerns_all_of_them() -> None:
    made, _, stores = workers()
    contexts = [reconciler.context for reconciler in made._reconcilers]
    assert [context.home for context in contexts] == [True, False, False]
    assert [context.elsewhere for context in contexts] == [tuple(stores[1:]), (), ()]
    assert [context.store for context in contexts] == stores


async def test_new_rules_are_in_force_in_every_shard_with_its_own_generation() -> None:
    made, _, _ = workers()
    newer = Policy(RULES)
    correlator = Correlator(RULES)
    made.use(correlator, newer, [3, 4, 5])
    contexts = [reconciler.context for reconciler in made._reconcilers]
    assert [(context.policy, context.generation) for context in contexts] == [
        (newer, 3),
        (newer, 4),
        (newer, 5),
    ]
    assert all(intake.correlator is correlator for intake in made.intakes)
