"""The events of the statistics that a page leaves behind, whichever way it becomes known that it arrived."""

from __future__ import annotations

from dataclasses import replace

from gateway.model.durations import MINUTE
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Unanswered
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.model.statistics.events import AnyEvent, Call, Page
from gateway.state.statistics import read_events
from tests.flows.test_silenced_pages import OVER, paged, silenced
from tests.flows.test_silenced_pages import rules as silence_rules
from tests.support.build import START, rulebook, seen, slack
from tests.support.world import World

LOUD = slack(mention_on_page=("@here",))
ROUTE = Route("all", BUILT_IN, page=("chat",), group_wait=0)


async def written(world: World) -> list[AnyEvent]:
    return [event for event in await read_events(world.shards) if isinstance(event, Page | Call)]


async def test_a_page_that_nobody_answered_is_written_when_it_is_found() -> None:
    world = World(rulebook(ROUTE, destinations=(LOUD,)))
    world.slack.answers = [Unanswered("timeout")]
    await world.webhook(seen(service="db"))
    await world.until(5 * MINUTE)
    assert len(world.slack.posted) == 1
    page, call = sorted(await written(world), key=lambda event: event.id)
    assert isinstance(page, Page)
    assert isinstance(call, Call)
    assert (page.id, call.page, call.call_kind) == (f"{world.incidents[0].id}|chat|1", page.id, "first")
    # It was sent when it was begun, and known to be there when it was found.
    assert call.sent_at < call.at
    assert call.sent_at - START < MINUTE
    assert call.confirmed


async def test_a_page_that_was_lost_and_sent_again_is_written_once() -> None:
    world = World(rulebook(ROUTE, destinations=(LOUD,)))
    world.slack.answers, world.slack.acts_though_unanswered = [Unanswered("timeout")], False
    await world.webhook(seen(service="db"))
    await world.until(30 * MINUTE)
    assert len(await written(world)) == 2


async def test_a_page_that_was_told_elsewhere_meanwhile_rings_again_as_the_same_page() -> None:
    world = World(rulebook(ROUTE, destinations=(LOUD, slack("other"))))
    await world.webhook(seen(service="db"))
    await world.until(MINUTE)
    await world.reload(rulebook(replace(ROUTE, page=("other",)), destinations=(LOUD, slack("other"))))
    await world.until(5 * MINUTE)
    assert world.ledgers["chat"].last_notified.state is NotifiedState.MOVED
    await world.reload(rulebook(ROUTE, destinations=(LOUD, slack("other"))))
    await world.until(10 * MINUTE)
    events = await written(world)
    assert [event.call_kind for event in events if isinstance(event, Call)] == ["first", "rise"]
    assert len([event for event in events if isinstance(event, Page)]) == 1


async def test_a_trigger_that_nobody_answered_is_a_call_once_it_is_taken() -> None:
    world = World(rulebook(Route("all", BUILT_IN, page=("pager",), group_wait=0)))
    world.pagerduty.answers = [Unanswered("timeout")] * 3
    await world.webhook(seen(service="db"))
    await world.until(5 * MINUTE)
    page, call = sorted(await written(world), key=lambda event: event.id)
    assert isinstance(call, Call)
    assert (call.page, call.call_kind, call.confirmed) == (page.id, "first", False)


async def test_a_page_that_calls_anew_and_goes_unanswered_is_one_more_call_once_it_is_taken() -> None:
    world = World(silence_rules())
    await paged(world)
    await silenced(world)
    await world.until(OVER - 1_000)
    world.pagerduty.answers = [Unanswered("timeout")] * 2
    await world.until(OVER + 20 * MINUTE)
    calls = [event for event in await written(world) if isinstance(event, Call) and "|pager|" in event.id]
    assert [call.call_kind for call in calls] == ["first", "rise"]
