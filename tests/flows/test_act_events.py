"""What people do is written for the statistics, wherever they do it, and so is what runs out by itself."""

from __future__ import annotations

from gateway.actions.incidents import IncidentActions
from gateway.model.durations import HOUR, MINUTE
from gateway.model.people import Actor, Through
from gateway.model.statistics.events import Reopened, Silenced, Touched
from gateway.state.persons import Persons
from gateway.state.statistics import read_events
from tests.flows.test_silences import rules, silenced
from tests.support.build import START, seen, someone
from tests.support.world import World


def people(world: World) -> IncidentActions:
    return IncidentActions(world.shards, lambda: None, Persons(world.shards.home, world.secrets.mark))


async def told() -> World:
    world = World(rules())
    await world.webhook(seen(service="db"))
    await world.until(MINUTE)
    return world


async def test_a_close_by_hand_that_runs_out_is_reopened_by_nobody() -> None:
    world = await told()
    await people(world).close(world.incidents[0].id, someone("anna"), "", HOUR)
    await world.until(3 * HOUR)
    (event,) = [event for event in await read_events(world.shards) if isinstance(event, Reopened)]
    assert (event.incident, event.by, event.human) == (world.incidents[0].id, None, False)
    assert event.said_at == START + HOUR + MINUTE


async def test_a_silence_of_what_people_were_told_of_is_written_once() -> None:
    world = await told()
    made = await silenced(world, reason="it is the switch")
    await world.until(30 * MINUTE)
    await world.replan()
    (event,) = [event for event in await read_events(world.shards) if isinstance(event, Silenced)]
    (alert,) = (member.episode_id for member in world.incidents[0].members)
    assert (event.incident, event.episodes) == (world.incidents[0].id, (alert,))
    assert (event.human, event.note, event.said_at) == (True, True, made.starts_at)
    assert event.by is not None
    assert event.by.startswith("mark of ")


async def test_a_silence_of_what_nobody_was_told_of_is_no_work_with_it() -> None:
    world = World(rules())
    await silenced(world)
    await world.webhook(seen(service="db"))
    await world.until(MINUTE)
    assert not [event for event in await read_events(world.shards) if isinstance(event, Silenced)]


async def test_what_people_did_in_pagerduty_touches_it() -> None:
    world = await told()
    incident = world.incidents[0].id
    for number, (what, human) in enumerate(
        [("annotated", True), ("reassigned", True), ("escalated", False), ("resolved", True)]
    ):
        world.at += number
        await people(world).note(incident, f"pagerduty_{what}", Actor("bob", Through.PAGERDUTY, human))
    events = [event for event in await read_events(world.shards) if isinstance(event, Touched)]
    assert [(event.what, event.human, event.by is not None) for event in events] == [
        ("note", True, True),
        ("reassigned", True, True),
        ("reassigned", False, False),
        ("resolved_at_vendor", True, True),
    ]
