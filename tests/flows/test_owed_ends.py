"""Whoever was told of a firing is told of its end, whatever vendors, keys and rules do in between."""

from __future__ import annotations

import asyncio

import pytest

from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.ledger import Endpoint, MessageRef, NotifiedState
from gateway.model.notification import Answer, Notification, Refused, Unanswered
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from tests.flows.test_telling import states
from tests.support.build import match, rulebook, seen, slack
from tests.support.world import Destinations, World

PAGES = rulebook(Route("everything", BUILT_IN, page=("pager",)))
INVALID = Refused("invalid", permanent=True)


@pytest.mark.parametrize("target", ["chat", "pager"])
async def test_an_update_that_is_refused_for_good_does_not_keep_the_end_back(target: str) -> None:
    world = World()
    await world.webhook(seen())
    await world.until(30 * SECOND)
    (world.slack if target == "chat" else world.pagerduty).answers = [INVALID]
    await world.webhook(seen(pod="b"))
    await world.until(2 * MINUTE)
    await world.webhook(seen(ends=2 * MINUTE), seen(pod="b", ends=2 * MINUTE))
    await world.until(2 * HOUR)
    assert states(world, target)[-1] is NotifiedState.ENDED


async def test_what_was_refused_for_good_is_not_repeated_without_news() -> None:
    world = World(PAGES)
    world.pagerduty.answers = [INVALID]
    await world.webhook(seen())
    await world.until(6 * HOUR)
    await world.webhook(seen())
    await world.until(7 * HOUR)
    assert not world.pagerduty.sent


def dies_after_the_first_send(destinations: Destinations) -> None:
    notify = destinations.notify

    async def told(
        endpoint: Endpoint,
        secret: str,
        notification: Notification,
        *,
        attempt: str,
        message_ref: MessageRef | None,
    ) -> Answer:
        destinations.notify = notify  # type: ignore[method-assign]
        await notify(endpoint, secret, notification, attempt=attempt, message_ref=message_ref)
        raise asyncio.CancelledError

    destinations.notify = told  # type: ignore[method-assign]


async def test_a_page_that_was_sent_by_a_killed_process_is_ended_though_the_vendor_is_away_from_then_on() -> (
    None
):
    world = World(PAGES)
    dies_after_the_first_send(world.pagerduty)
    await world.webhook(seen())
    with pytest.raises(asyncio.CancelledError):
        await world.until(12 * SECOND)
    world.pagerduty.down = True
    world.at += 25 * SECOND
    await world.until(MINUTE)
    await world.webhook(seen(ends=MINUTE))
    await world.until(10 * MINUTE)
    world.pagerduty.down = False
    await world.until(HOUR)
    assert states(world, "pager") == [NotifiedState.FIRING, NotifiedState.ENDED, NotifiedState.ENDED]


async def test_a_second_page_whose_trigger_and_end_both_failed_is_ended_under_its_own_key() -> None:
    patient = Route("patient", BUILT_IN, notify=("chat",), resolve_after=30 * MINUTE)
    world = World(rulebook(Route("pages", BUILT_IN, page=("pager",), resolve_after=0, go_on=True), patient))
    await world.webhook(seen())
    await world.until(20 * SECOND)
    await world.webhook(seen(ends=20 * SECOND))
    await world.until(40 * SECOND)
    world.pagerduty.answers = [Unanswered("timeout"), *[Refused("unavailable")] * 6]
    await world.webhook(seen(at=41 * SECOND))
    await world.until(52 * SECOND)
    await world.webhook(seen(at=41 * SECOND, ends=52 * SECOND))
    await world.until(20 * MINUTE)
    told = [
        (one.notification.state, one.notification.generation)
        for one in world.pagerduty.sent
        if one.notification
    ]
    assert told[-1] == (NotifiedState.ENDED, 2)


async def test_a_new_routing_key_opens_a_new_page_and_says_that_the_old_one_stays_open() -> None:
    world = World(PAGES)
    await world.webhook(seen())
    await world.until(MINUTE)
    world.secrets.values["PAGERDUTY_ROUTING_KEY"] = "key-2"
    await world.webhook(seen(pod="b"))
    await world.until(3 * MINUTE)
    await world.webhook(seen(ends=3 * MINUTE), seen(pod="b", ends=3 * MINUTE))
    await world.until(HOUR)
    told = [
        (one.notification.state, one.notification.generation)
        for one in world.pagerduty.sent
        if one.notification
    ]
    assert told == [(NotifiedState.FIRING, 1), (NotifiedState.FIRING, 2), (NotifiedState.ENDED, 2)]
    assert [entry.detail["error"] for _, entry in world.store.log if entry.what == "dead_letter"] == [
        "credential_changed"
    ]


async def test_a_destination_that_means_another_channel_now_is_told_there_and_the_old_one_hears_where() -> (
    None
):
    world = World(
        rulebook(Route("everything", BUILT_IN, notify=("chat",)), destinations=(slack(channel="C1"),))
    )
    await world.webhook(seen())
    await world.until(MINUTE)
    world.use(rulebook(Route("everything", BUILT_IN, notify=("chat",)), destinations=(slack(channel="C2"),)))
    await world.replan()
    await world.until(2 * MINUTE)
    await world.webhook(seen(ends=2 * MINUTE))
    await world.until(HOUR)
    assert states(world, "chat") == [NotifiedState.FIRING, NotifiedState.MOVED]
    assert states(world, "chat:C2") == [NotifiedState.FIRING, NotifiedState.ENDED]


async def test_what_one_of_several_alerts_is_routed_away_from_shows_it_neither_as_firing_nor_as_ended() -> (
    None
):
    both = (slack(), slack("other", channel="C2"))
    world = World(rulebook(Route("everything", BUILT_IN, notify=("chat",)), destinations=both))
    await world.webhook(seen(pod="a"), seen(pod="b"))
    await world.until(MINUTE)
    world.use(
        rulebook(
            Route("b", BUILT_IN, match=match('pod="b"'), notify=("other",)),
            Route("everything", BUILT_IN, notify=("chat",)),
            destinations=both,
        )
    )
    await world.replan()
    await world.until(3 * MINUTE)
    notification = [
        one.notification for one in world.slack.sent if one.notification and one.notification.target == "chat"
    ][-1]
    assert (notification.firing, notification.moved, notification.ended) == (1, 1, 0)
    assert [(line.labels["pod"], line.moved, line.ended_at) for line in notification.lines] == [
        ("a", False, None),
        ("b", True, None),
    ]
    await world.webhook(seen(pod="a", ends=4 * MINUTE), seen(pod="b", ends=4 * MINUTE))
    await world.until(HOUR)
    assert (states(world, "chat")[-1], states(world, "other")) == (
        NotifiedState.ENDED,
        [NotifiedState.FIRING, NotifiedState.ENDED],
    )


async def test_a_reminder_comes_again_and_again() -> None:
    world = World(rulebook(Route("everything", BUILT_IN, notify=("chat",), remind=30 * MINUTE)))
    await world.webhook(seen())
    await world.until(2 * HOUR + 10 * MINUTE)
    assert sum("not acknowledged here" in note.text for one in world.slack.sent for note in one.notes) == 4
