"""What changes for everybody reaches every incident that it concerns, and no other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.model.agenda import LATE_TOPICS, NEW_CONTROLS, NEW_RULES, Subject
from gateway.model.cells import CONTROLS, SWEPT
from gateway.model.changes import Changes, Query, Table
from gateway.model.controls import Controls, Silence, Switch
from gateway.model.durations import HOUR, MINUTE
from gateway.model.records import dump, load_alert, load_controls
from gateway.model.rules.kinds import InhibitRule, Watchdog
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.source import Source
from gateway.reconcile.sweep import STRAGGLING, sweep
from gateway.storage.memory import MemoryStore
from tests.support.build import START, match, rulebook, seen
from tests.support.world import World

ALERTS = [("Down", "db"), ("Slow", "web")]
SILENCE = Silence("s1", ('service="db"',), START, START + HOUR, "anna", version=1)


async def swept(world: World, subject: Subject = NEW_CONTROLS) -> set[str]:
    """The names of the alerts whose incidents are on the agenda to be planned after the sweep."""
    await world.store.commit(Changes(agenda={subject: (START + world.at, 0)}))
    found = await world.store.claim(10, 1_000, world.reconciler.lanes())
    for claim in found.claims:
        assert claim.subject == subject
        await sweep(world.reconciler.context, claim)
    names = {incident.id: seen_name(world, incident.members[0].alert) for incident in world.incidents}
    return {
        names[planned.id]
        for planned, at in world.store.agenda_at.items()
        if planned.kind == "plan" and at == START + world.at
    }


def seen_name(world: World, alert: str) -> str:
    names = {seen(name, service=service).alert: name for name, service in ALERTS}
    return names[alert]


async def firing(**more: object) -> World:
    world = World(replace(rulebook(), **more))
    for name, service in ALERTS:
        await world.webhook(seen(name, service=service))
    await world.until(MINUTE)
    return world


async def ordered(world: World, controls: Controls) -> None:
    await world.store.commit(Changes(put={CONTROLS: dump(controls)}))


async def test_a_silence_has_only_those_planned_that_it_is_about() -> None:
    world = await firing()
    await ordered(world, Controls(1, (SILENCE,)))
    assert await swept(world) == {"Down"}


@pytest.mark.parametrize("kind", ["pause", "bypass"])
async def test_a_pause_or_a_bypass_has_everything_planned(kind: str) -> None:
    world = await firing()
    await ordered(world, Controls(1, **{kind: Switch("anna", START, START + HOUR, version=1)}))
    assert await swept(world) == {"Down", "Slow"}


async def test_what_was_swept_for_already_is_not_swept_for_again() -> None:
    world = await firing()
    await ordered(world, Controls(1, pause=Switch("anna", START, START + HOUR, version=1)))
    assert await swept(world)
    await world.settle()
    assert await swept(world) == set()
    row = (await world.store.gather(Query(cells=(SWEPT,)))).rows[SWEPT]
    assert row.value == b"1"


@pytest.mark.parametrize(
    ("there", "after"),
    [
        pytest.param(Controls(), 2, id="a shard that has none gets them"),
        pytest.param(Controls(1), 2, id="a shard that has older ones gets them"),
        pytest.param(Controls(3), 3, id="a shard that has newer ones keeps those"),
    ],
)
async def test_controls_reach_the_other_shards(there: Controls, after: int) -> None:
    world = await firing()
    other = MemoryStore(lambda: START + world.at)
    await other.commit(Changes(put={CONTROLS: dump(there)}))
    world.reconciler.context.elsewhere = (other,)
    await ordered(world, Controls(2))
    await swept(world)
    row = (await other.gather(Query(cells=(CONTROLS,)))).rows[CONTROLS]
    assert load_controls(row.value).version == after
    assert (NEW_CONTROLS in other.agenda_at) is (there.version < after)


async def test_new_rules_have_everything_planned_and_all_that_they_name_looked_at() -> None:
    world = await firing()
    dog = Watchdog("eu", BUILT_IN, match("alertname=Watchdog"), MINUTE)
    source = Source("eu", BUILT_IN, repeat_interval=HOUR)
    world.use(replace(rulebook(), watchdogs={"eu": dog}, listed_sources={"eu": source}, audit=("chat",)))
    assert await swept(world, NEW_RULES) == {"Down", "Slow"}
    agenda = world.store.agenda_at
    assert {Subject.watchdog("eu"), Subject.poll("eu"), Subject.audit("chat")} <= set(agenda)
    assert agenda[LATE_TOPICS] == START + world.at + STRAGGLING


async def test_alerts_enter_the_topics_that_new_rules_want_and_leave_the_others() -> None:
    world = await firing()
    inhibit = InhibitRule("down", BUILT_IN, match("alertname=Down"), match("alertname=Slow"))
    world.use(replace(rulebook(), inhibit=(inhibit,)))
    await swept(world, LATE_TOPICS)
    assert [len(topics) for topics in entered(world)] == [1, 0]
    world.use(rulebook())
    await swept(world, LATE_TOPICS)
    assert [len(topics) for topics in entered(world)] == [0, 0]


def entered(world: World) -> list[tuple[str, ...]]:
    alerts = [load_alert(row.value) for row in world.store.rows[Table.ALERTS].values()]
    return [alert.topics for alert in sorted(alerts, key=lambda alert: alert.name)]
