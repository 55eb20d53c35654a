"""Which destinations fail stands in the books: from the first notification that cannot be told there to the
last.
"""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from gateway.actions.dead_letters import DeadLetterActions
from gateway.decisions.accounting import invariants
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Refused
from gateway.model.retention import KEEP_ENDED_MS
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from tests.support.build import rulebook, seen, slack
from tests.support.world import World

REFUSED = Refused("invalid", permanent=True)
CHAT_ONLY = rulebook(Route("everything", BUILT_IN, notify=("chat",)), destinations=(slack(),))


def failing(world: World) -> list[str]:
    return invariants.failing_destinations(world.store.counted)


async def with_a_dead_letter() -> World:
    world = World(CHAT_ONLY)
    world.slack.answers = [REFUSED]
    await world.webhook(seen())
    await world.until(30 * SECOND)
    assert world.ledgers["chat"].dead
    return world


async def test_another_incident_that_is_delivered_does_not_hide_a_dead_letter() -> None:
    world = await with_a_dead_letter()
    await world.webhook(seen("DiskFull", service="db", at=30_000))
    await world.until(HOUR)
    assert [one.state for one in world.slack.sent] == [NotifiedState.FIRING]
    assert failing(world) == ["chat"]


async def test_a_dead_letter_that_is_tried_again_and_delivered_is_over() -> None:
    world = await with_a_dead_letter()
    await DeadLetterActions(world.shards, lambda: None).retry(world.incidents[0].id, "chat")
    await world.until(MINUTE)
    assert failing(world) == []


async def test_a_dead_letter_that_news_overtakes_is_over_when_the_news_is_told() -> None:
    world = await with_a_dead_letter()
    await world.webhook(seen(at=30_000, pod="another"))
    await world.until(2 * MINUTE)
    assert [one.state for one in world.slack.sent] == [NotifiedState.FIRING]
    assert failing(world) == []


async def test_it_fails_until_the_last_incident_is_told() -> None:
    world = World(CHAT_ONLY)
    world.slack.answers = [Refused("unavailable")] * 50
    await world.webhook(seen())
    await world.webhook(seen("DiskFull", service="db"))
    await world.until(5 * MINUTE)
    assert world.store.counted["failing:chat"] == 2
    world.slack.answers = [Refused("unavailable")]
    await world.until(5 * MINUTE + 25 * SECOND)
    assert failing(world) == ["chat"]
    await world.until(10 * MINUTE)
    assert failing(world) == []


async def test_a_failure_of_a_few_seconds_is_not_worth_an_alert() -> None:
    world = World(CHAT_ONLY)
    world.slack.answers = [Refused("unavailable")] * 3
    await world.webhook(seen())
    await world.until(5 * MINUTE)
    assert "failing:chat" not in world.store.counted


async def test_what_ended_before_it_could_be_told_fails_no_longer() -> None:
    world = World(CHAT_ONLY)
    world.slack.down = True
    await world.webhook(seen())
    await world.until(5 * MINUTE)
    assert failing(world) == ["chat"]
    await world.webhook(seen(ends=300_000))
    await world.until(20 * MINUTE)
    assert failing(world) == []


@pytest.mark.parametrize("ends", [False, True])
async def test_a_dead_letter_is_forgotten_with_its_incident_at_the_latest(*, ends: bool) -> None:
    world = await with_a_dead_letter()
    if ends:
        await world.webhook(seen(ends=60_000))
    await world.until(KEEP_ENDED_MS + HOUR)
    assert failing(world) == ([] if ends else ["chat"])


async def test_an_incident_of_which_nobody_can_be_told_is_counted_until_somebody_can() -> None:
    world = World()
    world.slack.down = world.pagerduty.down = True
    await world.webhook(seen())
    await world.until(MINUTE)
    assert world.store.counted.get("unheard", 0) == 0
    with capture_logs() as lines:
        await world.until(10 * MINUTE)
    assert world.store.counted["unheard"] == 1
    (said,) = [line for line in lines if line["event"] == "nobody_can_be_told"]
    assert (said["severity"], said["alerts"], set(said["tried"])) == (
        "critical",
        ["HighErrorRate"],
        {"chat", "pager"},
    )
    world.slack.down = False
    await world.until(30 * MINUTE)
    assert world.store.counted["unheard"] == 0
    assert not world.incidents[0].unheard_since


async def test_an_incident_that_one_of_two_knows_of_is_not_unheard() -> None:
    world = World()
    world.pagerduty.down = True
    await world.webhook(seen())
    await world.until(HOUR)
    assert world.store.counted.get("unheard", 0) == 0


async def test_an_end_that_cannot_be_told_is_no_unheard_incident() -> None:
    world = World()
    await world.webhook(seen())
    await world.until(MINUTE)
    world.slack.down = world.pagerduty.down = True
    await world.webhook(seen(ends=MINUTE))
    await world.until(HOUR)
    assert world.store.counted.get("unheard", 0) == 0
