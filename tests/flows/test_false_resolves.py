"""An alert that its source falsely resolves again and again is told within one grace, and a late copy of a
webhook tells nobody.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.ledger import NotifiedState
from gateway.model.rules.kinds import InhibitRule
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.model.rules.rulebook import Rulebook
from tests.support.build import START, match, rulebook, seen
from tests.support.world import World

GRACE = seen().lateness
FIRES, RESTS = 14 * SECOND, 4 * SECOND


def rules(**more: object) -> Rulebook:
    waits = {"resolve_after": 0, "longest_hold": 2 * GRACE} | more
    return rulebook(Route("everything", BUILT_IN, notify=("chat",), page=("pager",), **waits))  # type: ignore[arg-type]


def inhibited(**more: object) -> Rulebook:
    wait = InhibitRule(
        "cause", BUILT_IN, match("alertname=Cause"), match("alertname=HighErrorRate"), wait=GRACE
    )
    return replace(rules(**more), inhibit=(wait,))


RULES = [
    pytest.param(rules(group_wait=0), id="plain"),
    pytest.param(rules(group_wait=GRACE), id="group_wait"),
    pytest.param(rules(group_wait=10 * GRACE, longest_hold=GRACE), id="longest_hold"),
    pytest.param(inhibited(), id="inhibit wait"),
]


def states(world: World) -> list[NotifiedState]:
    return [one.state for one in world.pagerduty.sent if one.notification is not None]


async def told_and_ended(book: Rulebook) -> World:
    """A world in which the alert fired since START, was told, has ended, and was told to be over."""
    world = World(book)
    await world.webhook(seen())
    await world.until(20 * GRACE)
    await end(world)
    await world.until(world.at + SECOND)
    assert states(world) == [NotifiedState.FIRING, NotifiedState.ENDED]
    return world


async def end(world: World) -> None:
    await world.webhook(seen(ends=world.at))


@pytest.mark.parametrize("book", RULES)
async def test_what_fires_on_through_false_ends_is_told_within_one_grace(book: Rulebook) -> None:
    world = await told_and_ended(book)
    since = world.at
    while states(world)[2:] == [] and world.at < since + 2 * GRACE:
        await world.webhook(seen())
        await world.until(world.at + FIRES)
        if states(world)[2:]:
            break
        await end(world)
        await world.until(world.at + RESTS)
    assert states(world)[2:] == [NotifiedState.FIRING]
    assert world.at - since <= GRACE + FIRES + RESTS


@pytest.mark.parametrize("first", [0, 1], ids=["in one order", "in turn"])
async def test_two_replicas_with_a_start_each_are_told_too_whichever_fires_first(first: int) -> None:
    world = World(rules(group_wait=0))
    replicas = [seen(), seen(at=7 * SECOND, replica="b")]
    await world.webhook(*replicas)
    await world.until(20 * GRACE)
    since = world.at
    for loop in range(2 * GRACE // (FIRES + RESTS)):
        await world.webhook(seen(ends=world.at), seen(at=7 * SECOND, ends=world.at, replica="b"))
        await world.until(world.at + RESTS)
        await world.webhook(*(replicas[:: -1 if loop * first % 2 else 1]))
        await world.until(world.at + FIRES)
    assert states(world).count(NotifiedState.FIRING) > 1
    assert since < world.at <= since + 2 * GRACE


@pytest.mark.parametrize("book", RULES)
@pytest.mark.parametrize("late", [10 * SECOND, GRACE + 20 * SECOND, 2 * HOUR])
@pytest.mark.parametrize("then", [SECOND, GRACE - SECOND])
async def test_a_late_copy_whose_end_follows_within_the_grace_tells_nobody(
    book: Rulebook, late: int, then: int
) -> None:
    world = await told_and_ended(book)
    await world.until(world.at + late)
    await world.webhook(seen())
    await world.until(world.at + then)
    await end(world)
    await world.until(world.at + 2 * GRACE)
    assert states(world) == [NotifiedState.FIRING, NotifiedState.ENDED]


async def test_a_late_copy_long_after_a_told_dispute_has_a_grace_of_its_own_again() -> None:
    world = await told_and_ended(rules(group_wait=0))
    await world.webhook(seen())
    await world.until(world.at + GRACE + SECOND)
    await end(world)
    await world.until(world.at + GRACE + SECOND)
    before = states(world)
    await world.webhook(seen())
    await world.until(world.at + GRACE - MINUTE)
    assert states(world) == before


async def test_an_end_that_is_ignored_while_it_fires_is_in_the_timeline() -> None:
    world = World(rules(group_wait=0))
    await world.webhook(seen(at=-MINUTE))
    await world.webhook(seen(at=-HOUR, ends=-30 * MINUTE))
    (ignored,) = [entry for _, entry in world.store.log if entry.what == "end_ignored"]
    assert ignored.subject == world.incidents[0].id
    assert ignored.detail["ends_at"] == "2027-01-15T07:30:00Z"


async def test_a_start_that_was_ahead_of_our_clock_is_in_the_timeline_and_shown_as_its_receipt() -> None:
    world = World(rules(group_wait=0))
    await world.webhook(seen(at=2 * HOUR))
    (ahead,) = [entry for _, entry in world.store.log if entry.what == "clock_ahead"]
    assert (ahead.detail["sent"], ahead.detail["ahead"]) == ("2027-01-15T10:00:00Z", "2h")
    (told,) = [one.notification for one in world.pagerduty.sent if one.notification is not None]
    assert told.started_at == START
