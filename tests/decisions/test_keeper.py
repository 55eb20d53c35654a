"""Who has an incident, or keeps it quiet, as it is said to those who ask what is open."""

from __future__ import annotations

from gateway.actions.open_incidents import list_open
from gateway.decisions.keeper import keeper_of
from gateway.model.durations import HOUR, MINUTE
from gateway.model.rules.kinds import Maintenance
from gateway.model.rules.origin import BUILT_IN
from gateway.state.snapshots import read_snapshot
from tests.flows.test_silenced_pages import TOGETHER
from tests.flows.test_silences import rules, silenced
from tests.support.both_ways import BothWays
from tests.support.build import START, match, seen
from tests.support.world import World


async def keeper(ways: BothWays) -> str:
    policy = ways.world.reconciler.context.policy
    versioned = await read_snapshot(ways.world.store, ways.incident.id, policy)
    assert versioned is not None
    return keeper_of(versioned.snapshot, policy, versioned.now)


async def test_whoever_has_it_is_named_before_whatever_keeps_it_quiet() -> None:
    ways = BothWays()
    await ways.begin()
    assert await keeper(ways) == "nobody has it"
    await ways.api("silence", "ann")
    (silence,) = await ways.silences()
    said = await keeper(ways)
    assert said.startswith("silenced until ")
    assert said.endswith(f" (silence {silence.id})")
    await ways.api("acknowledge", "bob")
    assert await keeper(ways) == "bob has it"
    await ways.api("snooze", "eve")
    assert await keeper(ways) == "snoozed by eve"
    await ways.api("close", "eve")
    assert await keeper(ways) == "closed by eve"


async def test_announced_work_keeps_it_quiet_by_the_same_word_as_in_the_list_of_incidents() -> None:
    world = World(
        rules(maintenance=(Maintenance("upgrade", BUILT_IN, match('service="db"'), START, START + HOUR),))
    )
    await world.webhook(seen(service="db"))
    await world.until(MINUTE)
    (line,) = await list_open(world.shards, world.reconciler.context.policy)
    assert " · maintenance until 09:00 UTC (upgrade" in line


async def test_of_silences_over_different_alerts_the_one_that_ends_first_is_named() -> None:
    world = World(rules(correlate=TOGETHER))
    await world.webhook(seen(service="db"), seen(service="web"))
    await world.until(MINUTE)
    await silenced(world, hours=2)
    policy = world.reconciler.context.policy
    assert "nobody has it" in (await list_open(world.shards, policy))[0]
    first = await silenced(world, 'service="web"')
    assert f" · silenced until 09:01 UTC (silence {first.id})" in (await list_open(world.shards, policy))[0]
