"""What ended is forgotten seven days after its last end was told, and nothing of it is left; what is open
stays for ever.
"""

from __future__ import annotations

from gateway.model.changes import Table
from gateway.model.durations import DAY, HOUR, MINUTE
from gateway.model.notification import Refused
from gateway.model.retention import KEEP_ENDED_MS
from gateway.model.rules.kinds import CorrelateRule
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from tests.support.build import rulebook, seen, slack
from tests.support.world import World

KEPT = (Table.ALERTS, Table.PAST, Table.COPIES, Table.INCIDENTS, Table.KEYS, Table.LEDGERS)


def left(world: World) -> dict[str, int]:
    return {table.value: len(world.store.rows[table]) for table in KEPT if world.store.rows[table]}


async def test_seven_days_after_its_end_was_told_nothing_of_an_incident_is_left() -> None:
    world = World()
    await world.webhook(seen(), seen("LateQueue", service="q"))
    await world.until(MINUTE)
    await world.webhook(seen(ends=MINUTE), seen("LateQueue", service="q", ends=MINUTE))
    await world.until(KEEP_ENDED_MS)
    assert left(world)["incidents"] == 2
    await world.until(KEEP_ENDED_MS + HOUR)
    assert left(world) == {}
    assert not world.store.agenda_at


async def test_earlier_episodes_go_with_their_incident() -> None:
    world = World()
    for start in (0, 2 * MINUTE, 4 * MINUTE):
        await world.until(start)
        await world.webhook(seen(at=start))
        await world.until(start + MINUTE)
        await world.webhook(seen(at=start, ends=start + MINUTE))
    await world.until(8 * DAY)
    assert left(world) == {}


async def test_what_still_fires_is_never_forgotten() -> None:
    world = World()
    await world.webhook(seen())
    await world.until(30 * DAY)
    assert left(world)["alerts"] == 1
    await world.webhook(seen(ends=30 * DAY))
    await world.until(38 * DAY)
    assert left(world) == {}


async def test_an_end_that_nobody_took_is_kept_while_it_is_tried() -> None:
    world = World()
    await world.webhook(seen())
    await world.until(MINUTE)
    world.slack.down = True
    await world.webhook(seen(ends=MINUTE))
    await world.until(2 * HOUR)
    assert not [subject for subject in world.store.agenda_at if str(subject).startswith("expire")]
    world.slack.down = False
    await world.until(3 * HOUR)
    assert left(world)["incidents"] == 1
    await world.until(8 * DAY)
    assert left(world) == {}


async def test_an_end_that_is_a_dead_letter_counts_as_settled() -> None:
    world = World(rulebook(Route("everything", BUILT_IN, notify=("chat",)), destinations=(slack(),)))
    await world.webhook(seen())
    await world.until(MINUTE)
    world.slack.answers = [Refused("gone", permanent=True)] * 3
    await world.webhook(seen(ends=MINUTE))
    await world.until(9 * DAY)
    assert left(world) == {}
    assert world.store.counted["ends_forgotten"] == 1


async def test_an_alert_of_which_only_an_end_was_seen_is_forgotten_too() -> None:
    world = World()
    await world.webhook(seen(ends=MINUTE))
    assert left(world) == {"alerts": 1, "copies": 1}
    await world.until(8 * DAY)
    assert left(world) == {}


async def test_an_alert_that_fired_after_its_orphan_end_is_not_forgotten_with_it() -> None:
    world = World()
    await world.webhook(seen(ends=MINUTE))
    await world.until(HOUR)
    await world.webhook(seen(at=HOUR))
    await world.until(8 * DAY)
    assert left(world)["alerts"] == 1


async def test_an_alert_that_fires_again_takes_nothing_of_its_older_incident_along() -> None:
    world = World(rulebook(correlate=(CorrelateRule("alone", BUILT_IN, by=("...",)),)))
    await world.webhook(seen())
    await world.until(MINUTE)
    await world.webhook(seen(ends=MINUTE))
    await world.until(3 * DAY)
    await world.webhook(seen(at=3 * DAY))
    await world.until(8 * DAY)
    assert len(world.incidents) == 1
    assert left(world)["alerts"] == 1
    await world.webhook(seen(at=3 * DAY, ends=8 * DAY))
    await world.until(16 * DAY)
    assert left(world) == {}


async def test_an_incident_that_was_told_nowhere_is_forgotten_as_well() -> None:
    world = World()
    await world.webhook(seen(severity="none"))
    await world.until(MINUTE)
    await world.webhook(seen(severity="none", ends=MINUTE))
    await world.until(8 * DAY)
    assert left(world) == {}
