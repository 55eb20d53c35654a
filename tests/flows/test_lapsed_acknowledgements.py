"""An acknowledgement that nobody stands by any more: PagerDuty calls people again, a channel goes on."""

from __future__ import annotations

from gateway.actions.incidents import IncidentActions
from gateway.model.durations import HOUR, MINUTE
from gateway.model.notification import Refused
from gateway.model.rules.kinds import Maintenance
from gateway.model.rules.origin import BUILT_IN
from tests.flows.test_silenced_pages import TOGETHER, acknowledged, pages
from tests.flows.test_silences import rules
from tests.support.build import START, match, seen, someone
from tests.support.world import World

UPGRADE = Maintenance("upgrade", BUILT_IN, match('service="db"'), START + 5 * MINUTE, START + HOUR)


async def taken(**more: object) -> World:
    """A page about a warning that bob has acknowledged."""
    world = World(rules(correlate=TOGETHER, **more))
    await world.webhook(seen(service="db", severity="warning"))
    await world.until(MINUTE)
    await actions(world).acknowledge(world.incidents[0].id, someone("bob"))
    await world.until(2 * MINUTE)
    assert acknowledged(world) == [False, True]
    return world


def actions(world: World) -> IncidentActions:
    return IncidentActions(world.shards, lambda: None)


async def test_what_gets_worse_than_it_was_taken_pages_anew_before_the_old_page_is_resolved() -> None:
    world = await taken()
    await world.webhook(seen(service="web", severity="critical", at=2 * MINUTE))
    await world.until(3 * MINUTE)
    assert (pages(world)[-1].generation, acknowledged(world)[-1]) == (2, False)
    assert len(world.pagerduty.withdrawn) == 1
    assert world.ledgers["chat"].generation == 1
    assert len([sent for sent in world.slack.sent if sent.posted]) == 1
    await world.until(20 * MINUTE)
    assert [page.generation for page in pages(world)].count(2) == 1, "it is told once"


async def test_the_old_page_stays_for_as_long_as_the_new_one_is_not_taken() -> None:
    world = await taken()
    world.pagerduty.answers = [Refused("unavailable")] * 3
    await world.webhook(seen(service="web", severity="critical", at=2 * MINUTE))
    assert world.pagerduty.withdrawn == []
    await world.until(10 * MINUTE)
    assert (pages(world)[-1].generation, len(world.pagerduty.withdrawn)) == (2, 1)


async def test_an_acknowledgement_that_is_taken_back_pages_anew() -> None:
    world = await taken()
    await actions(world).unacknowledge(world.incidents[0].id, someone("bob"))
    await world.until(3 * MINUTE)
    assert (pages(world)[-1].generation, acknowledged(world)[-1]) == (2, False)


async def test_whoever_acknowledges_the_worse_one_too_is_called_no_further() -> None:
    world = await taken()
    await world.webhook(seen(service="web", severity="critical", at=2 * MINUTE))
    await world.until(3 * MINUTE)
    await actions(world).acknowledge(world.incidents[0].id, someone("eve"))
    await world.until(HOUR)
    assert [page.generation for page in pages(world)] == [1, 1, 2, 2]
    assert acknowledged(world) == [False, True, False, True]


async def test_as_much_trouble_as_was_taken_pages_nobody_again() -> None:
    world = await taken()
    await world.webhook(seen(service="web", severity="warning", at=2 * MINUTE))
    await world.until(HOUR)
    assert {page.generation for page in pages(world)} == {1}
    assert acknowledged(world)[-1]


async def test_what_is_taken_back_while_maintenance_keeps_it_quiet_pages_when_that_is_over() -> None:
    world = await taken(maintenance=(UPGRADE,))
    await world.until(6 * MINUTE)
    await actions(world).unacknowledge(world.incidents[0].id, someone("bob"))
    await world.until(59 * MINUTE)
    assert {page.generation for page in pages(world)} == {1}
    assert acknowledged(world)[-1], "it calls nobody under the maintenance"
    await world.until(HOUR + MINUTE)
    assert (pages(world)[-1].generation, acknowledged(world)[-1]) == (2, False)
