"""A reply in a thread that mentions people is a call, where no message has called them for the same thing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.actions.incidents import IncidentActions
from gateway.model.durations import HOUR, MINUTE
from gateway.model.notification import Refused, Unanswered
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.model.rules.rulebook import Rulebook
from gateway.model.statistics.events import Call
from gateway.state.statistics import read_events
from tests.flows.test_silences import silenced
from tests.support.build import START, pager, rulebook, seen, slack, someone, webhook
from tests.support.world import World

LOUD = slack(mention_on_page=("@here",))
ROUTE = Route("all", BUILT_IN, page=("chat",), group_wait=0, remind=30 * MINUTE)


def rules(**changes: object) -> Rulebook:
    return rulebook(replace(ROUTE, **changes), destinations=(LOUD, pager(), webhook()))  # type: ignore[arg-type]


async def calls(world: World) -> list[Call]:
    return [event for event in await read_events(world.shards) if isinstance(event, Call)]


async def kinds(world: World) -> list[str]:
    return [call.call_kind for call in await calls(world)]


async def fired(world: World) -> None:
    await world.webhook(seen(service="db"))
    await world.until(MINUTE)


async def test_each_reminder_of_a_page_is_one_more_call_of_it() -> None:
    world = World(rules())
    await fired(world)
    await world.until(61 * MINUTE)
    first, *reminders = await calls(world)
    assert [call.call_kind for call in reminders] == ["reminder", "reminder"]
    assert {call.page for call in reminders} == {first.page}
    assert [round((call.sent_at - START) / MINUTE) for call in reminders] == [30, 60]
    assert all(call.confirmed for call in reminders)


@pytest.mark.parametrize(
    ("page", "notify"),
    [((), ("chat",)), (("hook",), ()), (("pager",), ())],
    ids=["notice", "webhook", "pager"],
)
async def test_a_reminder_that_mentions_nobody_is_no_call(
    page: tuple[str, ...], notify: tuple[str, ...]
) -> None:
    world = World(rules(page=page, notify=notify))
    await fired(world)
    await world.until(2 * HOUR)
    assert "reminder" not in await kinds(world)


async def test_a_channel_that_mentions_nobody_is_called_by_no_reminder() -> None:
    world = World(rulebook(ROUTE, destinations=(slack(),)))
    await fired(world)
    await world.until(2 * HOUR)
    assert await calls(world) == []


async def test_whoever_has_acknowledged_it_is_called_by_no_reminder() -> None:
    world = World(rules())
    await fired(world)
    await IncidentActions(world.shards, lambda: None).acknowledge(world.incidents[0].id, someone("ann"))
    await world.until(2 * HOUR)
    assert await kinds(world) == ["first"]


async def test_a_reminder_that_was_refused_is_no_call_until_it_is_taken() -> None:
    world = World(rules())
    await fired(world)
    world.slack.answers = [Refused("unavailable")]
    await world.until(30 * MINUTE)
    assert await kinds(world) == ["first"]
    await world.until(40 * MINUTE)
    assert await kinds(world) == ["first", "reminder"]


@pytest.mark.parametrize("arrived", [True, False], ids=["arrived", "lost"])
async def test_a_reminder_that_nobody_answered_is_one_call(arrived: bool) -> None:
    world = World(rules())
    await fired(world)
    world.slack.answers, world.slack.acts_though_unanswered = [Unanswered("timeout")], arrived
    await world.until(50 * MINUTE)
    assert await kinds(world) == ["first", "reminder"]


async def test_a_page_whose_silence_is_over_calls_once_more() -> None:
    world = World(rules(remind=None))
    await fired(world)
    await silenced(world, hours=1)
    await world.until(2 * HOUR)
    assert await kinds(world) == ["first", "rise"]


async def test_a_page_that_comes_true_late_is_one_call_by_its_message_and_its_reply() -> None:
    world = World(rules(remind=None))
    await world.reload(rules(remind=None, page=(), notify=("chat",)))
    await fired(world)
    await world.reload(rules(remind=None))
    await world.until(5 * MINUTE)
    assert await kinds(world) == ["late"]


async def test_a_page_that_comes_to_stand_in_for_another_calls_once_more() -> None:
    places = (LOUD, pager(fallback=("chat",)))
    world = World(rulebook(replace(ROUTE, page=("chat", "pager"), remind=None), destinations=places))
    world.pagerduty.refuses = Refused("auth", permanent=True)
    await fired(world)
    await world.until(5 * MINUTE)
    assert [(call.call_kind, call.fallback_of) for call in await calls(world)] == [
        ("first", None),
        ("fallback", "pager"),
    ]
