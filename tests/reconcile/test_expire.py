"""What ended long ago is forgotten, and only that."""

from __future__ import annotations

from gateway.model.agenda import Subject
from gateway.model.changes import Changes, Table
from gateway.model.durations import DAY, HOUR, MINUTE
from gateway.model.retention import KEEP_ENDED_MS
from gateway.model.rules.kinds import CorrelateRule
from gateway.model.rules.origin import BUILT_IN
from tests.support.build import START, rulebook, seen
from tests.support.world import World

ONE_EACH = rulebook(correlate=(CorrelateRule("by-service", BUILT_IN, by=("service",), max_alerts=1),))


async def test_an_alert_of_which_only_an_end_was_seen_is_forgotten_and_counted_nowhere() -> None:
    world = World()
    await world.webhook(seen(ends=MINUTE))
    assert len(world.store.rows[Table.ALERTS]) == 1
    await world.until(KEEP_ENDED_MS + HOUR)
    assert not world.store.rows[Table.ALERTS]
    assert not world.store.rows[Table.COPIES]


async def test_an_alert_that_fired_after_all_is_not_taken_for_an_orphan() -> None:
    world = World()
    await world.webhook(seen(ends=MINUTE))
    await world.webhook(seen(at=2 * MINUTE))
    await world.until(KEEP_ENDED_MS + HOUR)
    assert len(world.store.rows[Table.ALERTS]) == 1


async def test_an_incident_that_is_open_is_not_forgotten_whatever_the_agenda_says() -> None:
    world = World()
    await world.webhook(seen())
    await world.until(MINUTE)
    (open_one,) = world.incidents
    await world.store.commit(Changes(agenda={Subject.expire(open_one.id): (START + world.at, 0)}))
    await world.settle()
    assert world.incidents == [open_one]


async def test_a_key_goes_on_naming_the_incidents_that_are_left() -> None:
    world = World(ONE_EACH)
    await world.webhook(seen("First", service="pay"))
    await world.until(MINUTE)
    await world.webhook(seen("First", service="pay", ends=MINUTE), seen("Second", service="pay", at=MINUTE))
    first, second = sorted(world.incidents, key=lambda incident: incident.opened_at)
    (key,) = set(first.keys) & set(second.keys)
    assert world.store.rows[Table.KEYS][key].value.decode().split() == [second.id, first.id]
    await world.until(KEEP_ENDED_MS + DAY)
    assert [incident.id for incident in world.incidents] == [second.id]
    assert world.store.rows[Table.KEYS][key].value.decode() == second.id
