"""An update whose text is the same is not sent to PagerDuty; whatever differs in it is."""

from __future__ import annotations

from gateway.model.durations import MINUTE
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Unanswered
from tests.support.build import seen
from tests.support.world import World

FIRING, ENDED = NotifiedState.FIRING, NotifiedState.ENDED


async def paged() -> World:
    world = World()
    await world.webhook(seen(annotations={"summary": "9 % fail", "__value__": "9"}))
    await world.until(MINUTE)
    return world


async def test_an_annotation_that_the_page_does_not_show_sends_no_event() -> None:
    world = await paged()
    await world.webhook(seen(annotations={"summary": "9 % fail", "__value__": "10"}))
    await world.until(3 * MINUTE)
    assert [one.state for one in world.pagerduty.sent] == [FIRING]


async def test_an_end_and_news_are_always_sent() -> None:
    world = await paged()
    await world.webhook(seen(annotations={"summary": "50 % fail", "__value__": "9"}))
    await world.until(2 * MINUTE)
    await world.webhook(seen(ends=2 * MINUTE))
    await world.until(6 * MINUTE)
    assert [one.state for one in world.pagerduty.sent] == [FIRING, FIRING, ENDED]


async def test_what_was_not_answered_is_said_again_though_it_is_the_same() -> None:
    world = World()
    world.pagerduty.answers = [Unanswered("timeout")]
    await world.webhook(seen())
    await world.until(2 * MINUTE)
    assert len(world.pagerduty.attempts) >= 2
