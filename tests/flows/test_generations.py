"""Replicas with different rules: the newest that is alive plans, the others leave it to it."""

from __future__ import annotations

from gateway.decisions.policy import Policy
from gateway.model.cells import RULES
from gateway.model.changes import Changes
from gateway.model.durations import MINUTE, SECOND
from gateway.model.rule_generation import RuleGeneration
from gateway.rules.generations import Generations
from gateway.state.shards import Shards
from tests.flows.test_telling import states
from tests.support.build import START, rulebook, seen
from tests.support.world import World


async def announce(world: World, generation: int) -> None:
    await world.store.commit(
        Changes(put={RULES: RuleGeneration(generation, "newer", START + world.at).dump()})
    )


async def test_a_replica_with_older_rules_leaves_planning_to_one_that_lives() -> None:
    world = World()
    world.reconciler.use(Policy(rulebook()), 1)
    for _ in range(20):
        await announce(world, 2)
        await world.webhook(seen())
        await world.until(world.at + 10 * SECOND)
    assert not world.slack.sent


async def test_where_no_replica_with_the_newest_rules_lives_any_more_the_older_tells_within_15_seconds() -> (
    None
):
    world, policy = World(), Policy(rulebook())
    ours = Generations(Shards([world.store]), "ours", lambda: world.reconciler.use(policy, ours.by_shard[0]))
    await ours.announce("ours")
    world.reconciler.use(policy, ours.by_shard[0])
    newer = Generations(Shards([world.store]), "newer", lambda: None)
    await newer.announce("newer")
    await world.webhook(seen())
    for second in range(1, 16):
        await ours.look(0)
        await world.until(second * SECOND)
    assert states(world, "chat")


async def test_a_replica_with_the_newest_rules_plans() -> None:
    world = World()
    world.reconciler.use(Policy(rulebook()), 2)
    await announce(world, 2)
    await world.webhook(seen())
    await world.until(MINUTE)
    assert states(world, "chat")
