"""A snoozed incident: nobody is called of it for a while, nobody has it, and what is worse or new is told."""

from __future__ import annotations

import pytest

from gateway.actions.incidents import IncidentActions
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.incident import Incident
from gateway.model.rules.kinds import CorrelateRule
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from tests.flows.test_silenced_pages import acknowledged, pages
from tests.flows.test_silences import rules
from tests.support.build import match, pager, rulebook, seen, slack, someone
from tests.support.world import World

TOGETHER = (CorrelateRule("all", BUILT_IN, by=("cluster",), window=6 * HOUR),)


async def snoozed(world: World, length: int = HOUR) -> Incident:
    await world.webhook(seen(service="db"))
    await world.until(MINUTE)
    done = await actions(world).snooze(world.incidents[0].id, someone("ann"), length)
    assert isinstance(done, Incident)
    await world.settle()
    return done


def actions(world: World) -> IncidentActions:
    return IncidentActions(world.shards, lambda: None)


def notes(world: World) -> list[str]:
    return [note.text for one in world.slack.sent for note in one.notes]


async def test_a_snooze_acknowledges_the_page_at_once_and_nobody_has_the_incident() -> None:
    world = World(rules())
    await snoozed(world)
    assert acknowledged(world) == [False, True]
    assert world.ledgers["pager"].last_notified.covered_by == "snooze by ann"
    assert world.incidents[0].acknowledged is None
    assert [note for note in notes(world) if "snoozed until" in note and "snooze by ann" in note]


async def test_what_still_fires_when_the_snooze_is_over_calls_people_again() -> None:
    world = World(rules())
    await snoozed(world)
    await world.until(HOUR + 2 * MINUTE)
    assert [page.generation for page in pages(world)] == [1, 1, 2]
    assert acknowledged(world) == [False, True, False]
    assert "its snooze is over" in notes(world)[-1]
    assert world.incidents[0].snoozed is None


async def test_a_snooze_that_is_ended_early_calls_people_again() -> None:
    world = World(rules())
    incident = await snoozed(world)
    await actions(world).unsnooze(incident.id, someone("bob"))
    await world.settle()
    assert [page.generation for page in pages(world)] == [1, 1, 2]


async def test_the_end_of_what_is_snoozed_is_told_and_a_new_firing_is_news() -> None:
    world = World(rules())
    await snoozed(world)
    await world.until(10 * MINUTE)
    await world.webhook(seen(service="db", ends=10 * MINUTE))
    await world.until(20 * MINUTE)
    assert [one.id for one in world.incidents if one.resolved_at] == [world.incidents[0].id]
    assert any("Resolved" in note for note in notes(world))


async def test_a_rise_in_severity_ends_the_snooze() -> None:
    world = World(rules(correlate=TOGETHER))
    await world.webhook(seen(service="db", severity="warning"))
    await world.until(MINUTE)
    await actions(world).snooze(world.incidents[0].id, someone("ann"), HOUR)
    await world.until(2 * MINUTE)
    await world.webhook(seen(service="web", severity="critical"))
    await world.until(3 * MINUTE)
    assert world.incidents[0].snoozed is None
    assert not world.ledgers["pager"].last_notified.covered_by


async def test_a_new_alert_that_pages_ends_the_snooze() -> None:
    world = World(rules(correlate=TOGETHER))
    await snoozed(world)
    await world.until(2 * MINUTE)
    await world.webhook(seen(service="web"))
    await world.until(3 * MINUTE)
    assert world.incidents[0].snoozed is None
    assert [page.generation for page in pages(world)][-1] == 2


async def test_a_new_alert_that_only_notifies_does_not_end_the_snooze() -> None:
    paging = Route("paging", BUILT_IN, notify=("chat",), page=("pager",), match=match('service="db"'))
    quiet = Route("quiet", BUILT_IN, notify=("chat",))
    made = rulebook(paging, quiet, destinations=(slack(), pager()), correlate=TOGETHER)
    world = World(made)
    await snoozed(world)
    await world.until(2 * MINUTE)
    await world.webhook(seen(service="web"))
    await world.until(3 * MINUTE)
    assert world.incidents[0].snoozed is not None


@pytest.mark.parametrize("length", [MINUTE, HOUR])
async def test_a_second_snooze_takes_the_place_of_the_first(length: int) -> None:
    world = World(rules())
    incident = await snoozed(world, 10 * MINUTE)
    await actions(world).snooze(incident.id, someone("bob"), length)
    await world.settle()
    await world.until(length + MINUTE - SECOND)
    assert world.incidents[0].snoozed is not None
    await world.until(length + 3 * MINUTE)
    assert world.incidents[0].snoozed is None
