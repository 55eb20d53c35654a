"""A page under a silence: it is acknowledged by us, calls people anew when the silence no longer covers it, and a
person's acknowledgement outlasts the silence.
"""

from __future__ import annotations

from typing import Any

import pytest

from gateway.actions.incidents import IncidentActions
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Notification, Refused, Unanswered
from gateway.model.rules.kinds import CorrelateRule, Maintenance
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Mute, Route
from gateway.model.time_intervals import TimeInterval
from tests.flows.test_silences import rules, silenced
from tests.support.build import START, match, seen, someone
from tests.support.world import World

OVER = HOUR + MINUTE  # the silence of an hour that was made after the page
EIGHT_OH_FIVE_TO_NINE = TimeInterval.parse({"times": [{"start_time": "08:05", "end_time": "09:00"}]})
MUTED = Route(
    "everything", BUILT_IN, notify=("chat",), page=("pager",), mute=Mute(page=("morning",), critical=True)
)
TOGETHER = (CorrelateRule("all", BUILT_IN, by=("cluster",), window=6 * HOUR),)


def pages(world: World) -> list[Notification]:
    return [one.notification for one in world.pagerduty.sent if one.notification is not None]


def acknowledged(world: World) -> list[bool]:
    """Of each event that PagerDuty got: whether an acknowledgement went along."""
    return [bool(page.acknowledged_by or page.covered_by) for page in pages(world)]


async def paged(world: World) -> None:
    await world.webhook(seen(service="db"))
    await world.until(MINUTE)
    assert len(pages(world)) == 1


async def test_a_silence_over_all_that_fires_in_a_page_acknowledges_it_at_once_and_is_no_person() -> None:
    world = World(rules())
    await paged(world)
    made = await silenced(world, reason="reindexing")
    assert acknowledged(world) == [False, True]
    assert pages(world)[-1].generation == 1
    assert world.ledgers["pager"].last_notified.covered_by == f"silence {made.id} by anna"
    assert world.ledgers["pager"].last_notified.acknowledged_by == ""
    assert world.incidents[0].acknowledged is None


async def test_a_silence_over_a_part_of_a_page_acknowledges_nothing() -> None:
    world = World(rules(correlate=TOGETHER))
    await world.webhook(seen(service="db"), seen(service="web"))
    await world.until(MINUTE)
    await silenced(world)
    await world.until(10 * MINUTE)
    assert not any(acknowledged(world))


async def test_a_pause_of_paging_acknowledges_nothing() -> None:
    world = World(rules())
    await paged(world)
    await world.desk.switch("pause", "anna", START + HOUR, "drill")
    await world.until(10 * MINUTE)
    assert not any(acknowledged(world))


async def test_what_still_fires_when_the_silence_ends_is_paged_anew_before_the_old_page_is_resolved() -> None:
    world = World(rules())
    await paged(world)
    first = world.ledgers["pager"].message_ref
    await silenced(world)
    await world.until(HOUR + 2 * MINUTE)
    assert [page.generation for page in pages(world)] == [1, 1, 2]
    assert acknowledged(world) == [False, True, False]
    assert world.pagerduty.withdrawn == [first]
    assert world.ledgers["pager"].message_ref != first
    assert world.ledgers["pager"].orphans == ()
    assert "its silence is over" in [note.text for one in world.slack.sent for note in one.notes][-1]


async def test_a_silence_that_somebody_ends_early_pages_what_still_fires() -> None:
    world = World(rules())
    await paged(world)
    made = await silenced(world, hours=24)
    await world.desk.end(made.id, "bob")
    await world.settle()
    assert [page.generation for page in pages(world)] == [1, 1, 2]


async def test_the_old_page_stays_for_as_long_as_the_new_one_is_not_taken() -> None:
    world = World(rules())
    await paged(world)
    first = world.ledgers["pager"].message_ref
    await silenced(world)
    await world.until(OVER - SECOND)
    world.pagerduty.answers = [Refused("unavailable")] * 3
    await world.until(OVER + SECOND)
    assert world.pagerduty.withdrawn == []
    await world.until(HOUR + 5 * MINUTE)
    assert pages(world)[-1].generation == 2
    assert world.pagerduty.withdrawn == [first]


async def test_a_new_page_that_nobody_answered_for_is_one_page_and_the_old_one_is_resolved_once() -> None:
    world = World(rules())
    await paged(world)
    first = world.ledgers["pager"].message_ref
    await silenced(world)
    await world.until(OVER - SECOND)
    world.pagerduty.answers = [Unanswered("timeout")]
    await world.until(HOUR + 5 * MINUTE)
    assert {page.generation for page in pages(world)[2:]} == {2}
    assert world.pagerduty.withdrawn == [first]


async def test_an_end_that_meets_an_unanswered_new_page_resolves_both() -> None:
    world = World(rules())
    await paged(world)
    first = world.ledgers["pager"].message_ref
    await silenced(world)
    await world.until(OVER - SECOND)
    world.pagerduty.answers = [Unanswered("timeout"), *[Refused("unavailable")] * 6]
    await world.until(OVER + SECOND)
    await world.webhook(seen(service="db", ends=OVER + SECOND))
    await world.until(OVER + 20 * MINUTE)
    assert (pages(world)[-1].state, pages(world)[-1].generation) == (NotifiedState.ENDED, 2)
    assert world.pagerduty.withdrawn == [first]


async def test_another_alert_in_a_silenced_page_pages_anew() -> None:
    world = World(rules(correlate=TOGETHER))
    await paged(world)
    await silenced(world)
    await world.webhook(seen(service="web", at=5 * MINUTE))
    await world.until(10 * MINUTE)
    assert pages(world)[-1].generation == 2
    assert len(world.pagerduty.withdrawn) == 1


async def test_what_ends_under_its_silence_is_resolved_and_pages_nobody_again() -> None:
    world = World(rules())
    await paged(world)
    await silenced(world)
    await world.until(10 * MINUTE)
    await world.webhook(seen(service="db", ends=10 * MINUTE))
    await world.until(2 * HOUR)
    assert [(page.state, page.generation) for page in pages(world)][-1] == (NotifiedState.ENDED, 1)
    assert len(pages(world)) == 3
    assert world.pagerduty.withdrawn == []


async def test_whoever_has_acknowledged_it_has_it_after_the_silence_too() -> None:
    world = World(rules())
    await paged(world)
    await silenced(world)
    await world.until(10 * MINUTE)
    await IncidentActions(world.shards, lambda: None).acknowledge(world.incidents[0].id, someone("bob"))
    await world.until(2 * HOUR)
    assert {page.generation for page in pages(world)} == {1}
    assert acknowledged(world)[-1]
    assert pages(world)[-1].acknowledged_by == "bob"


async def test_a_silence_made_after_an_acknowledgement_takes_nothing_from_it() -> None:
    world = World(rules())
    await paged(world)
    await IncidentActions(world.shards, lambda: None).acknowledge(world.incidents[0].id, someone("bob"))
    await silenced(world)
    await world.until(2 * HOUR)
    assert {page.generation for page in pages(world)} == {1}
    assert pages(world)[-1].acknowledged_by == "bob"


async def test_a_recurring_silence_pages_anew_at_each_end_of_its_hours() -> None:
    world = World(rules())
    await silenced(world, hours=72, during=("morning",))
    await world.webhook(seen(service="db"))
    await world.until(25 * HOUR + MINUTE)
    assert [page.generation for page in pages(world)] == [1, 1, 2]
    assert acknowledged(world) == [False, True, False]


async def test_a_channel_has_one_message_throughout() -> None:
    world = World(rules())
    await paged(world)
    await silenced(world)
    await world.until(2 * HOUR)
    assert world.ledgers["chat"].generation == 1
    assert len([one for one in world.slack.sent if one.posted]) == 1


@pytest.mark.parametrize(
    ("quiet", "paused"),
    [
        pytest.param(
            {"maintenance": (Maintenance("upgrade", BUILT_IN, match('service="db"'), START + 5 * MINUTE, START + HOUR),)},
            False,
            id="maintenance",
        ),
        pytest.param({"route": MUTED}, False, id="a mute of critical alerts too"),
        pytest.param({}, True, id="a pause of paging"),
    ],
)  # fmt: skip
async def test_a_page_whose_silence_ends_while_something_else_keeps_it_quiet_calls_people_once_that_is_over(
    quiet: dict[str, Any], paused: bool
) -> None:
    world = World(rules(**quiet | {"intervals": {"morning": (EIGHT_OH_FIVE_TO_NINE,)}}))
    await paged(world)
    await silenced(world, hours=0.5)
    await world.until(5 * MINUTE)
    if paused:
        await world.desk.switch("pause", "bob", START + HOUR, "drill")
    await world.until(59 * MINUTE)
    assert {page.generation for page in pages(world)} == {1}
    assert acknowledged(world)[-1], "it is not taken back"
    assert world.pagerduty.withdrawn == []
    await world.until(HOUR + MINUTE)
    assert (pages(world)[-1].generation, acknowledged(world)[-1]) == (2, False)
    assert len(world.pagerduty.withdrawn) == 1
