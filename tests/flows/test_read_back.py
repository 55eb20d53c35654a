"""Slack does not answer a post, and then does not say either whether the post arrived."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from gateway.model.durations import DAY, HOUR, MINUTE, SECOND
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Answer, Found, Look, Refused, Unanswered
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from tests.support.build import pager, rulebook, seen, slack
from tests.support.world import Sent, World

FIRST_POST = 10 * SECOND  # when the group's wait is over
TIMEOUT = Unanswered("timeout")
FAILS: tuple[Look, ...] = (
    Unanswered("server_error", "HTTP 500"),
    Unanswered("timeout"),
    Refused("rate_limited", retry_after=30 * SECOND),
    Refused("rate_limited", retry_after=5 * MINUTE),
    Refused("unavailable"),
)
CHAT = rulebook(Route("all", BUILT_IN, notify=("chat",)), destinations=(slack(),))
WITH_FALLBACK = rulebook(
    Route("all", BUILT_IN, notify=("chat",)), destinations=(slack(fallback=("pager",)), pager())
)
EACH_FAILURE = pytest.mark.parametrize("failure", FAILS, ids=str)


def until(world: World, at: int, look: Look) -> Callable[[], Look | None]:
    """Fail each read-back before that time."""
    return lambda: look if world.at < at else None


def unanswered(*answers: Answer, acts: bool = True) -> World:
    world = World(CHAT)
    world.slack.answers = list(answers or (TIMEOUT,))
    world.slack.acts_though_unanswered = acts
    return world


def posts(world: World) -> list[Sent]:
    return [one for one in world.slack.sent if one.posted and one.notification is not None]


def standing(world: World) -> int:
    """Return how many messages people see in the channel."""
    return len(posts(world)) - len({*world.slack.withdrawn})


@EACH_FAILURE
async def test_what_nobody_can_look_for_is_told_again_after_a_minute(failure: Look) -> None:
    world = unanswered(acts=False)
    world.slack.cannot_look = until(world, 2 * HOUR, failure)
    await world.webhook(seen())
    await world.until(10 * MINUTE)
    assert [one.at for one in posts(world)] == [pytest.approx(FIRST_POST + MINUTE, abs=5 * SECOND)]
    await world.until(5 * HOUR)
    assert (len(posts(world)), world.slack.withdrawn) == (1, [])


async def test_a_read_back_that_answers_after_59_seconds_finds_the_message_and_nothing_is_posted_again() -> (
    None
):
    world = unanswered()
    world.slack.cannot_look = until(world, FIRST_POST + 59 * SECOND, FAILS[0])
    await world.webhook(seen())
    await world.until(HOUR)
    assert len(posts(world)) == 1
    assert world.ledgers["chat"].last_notified.state is NotifiedState.FIRING


@EACH_FAILURE
async def test_the_first_message_is_withdrawn_as_soon_as_it_is_found(failure: Look) -> None:
    world = unanswered()
    world.slack.cannot_look = until(world, 2 * HOUR, failure)
    await world.webhook(seen())
    await world.until(2 * HOUR)
    first, second = world.slack.posted.values()
    assert world.slack.withdrawn == []
    await world.until(3 * HOUR)
    assert world.slack.withdrawn == [first]
    assert world.ledgers["chat"].message_ref == second
    await world.webhook(seen(ends=3 * HOUR))
    await world.until(4 * HOUR)
    assert world.ledgers["chat"].last_notified.state is NotifiedState.ENDED
    assert (len(posts(world)), standing(world)) == (2, 1)


@pytest.mark.parametrize("found_at", [20 * MINUTE, 3 * HOUR, 20 * HOUR])
async def test_a_message_that_was_wrongly_not_found_is_withdrawn_within_the_day(found_at: int) -> None:
    world = unanswered()
    world.slack.cannot_look = lambda: (
        FAILS[0] if world.at < 2 * MINUTE else Found({}) if world.at < found_at else None
    )
    await world.webhook(seen())
    await world.until(found_at + 31 * MINUTE)
    assert (len(posts(world)), len(world.slack.withdrawn), standing(world)) == (2, 1, 1)


async def test_what_is_not_found_within_a_day_is_looked_for_no_more() -> None:
    world = unanswered(acts=False)
    world.slack.cannot_look = lambda: FAILS[0] if world.at < 2 * MINUTE else Found({})
    await world.webhook(seen())
    await world.until(2 * DAY)
    assert DAY < max(world.slack.looked_at) + HOUR < DAY + 2 * HOUR
    assert len(world.slack.looked_at) < 80
    assert world.ledgers["chat"].unconfirmed == ()


async def test_what_nobody_could_look_for_within_a_day_is_looked_for_no_more() -> None:
    world = unanswered(acts=False)
    world.slack.cannot_look = lambda: FAILS[1]
    await world.webhook(seen())
    await world.until(2 * DAY)
    assert max(world.slack.looked_at) < DAY + HOUR
    assert (world.ledgers["chat"].unconfirmed, len(posts(world))) == ((), 1)


async def test_of_two_posts_that_were_not_answered_the_newer_one_stays() -> None:
    world = unanswered(TIMEOUT, TIMEOUT)
    world.slack.cannot_look = until(world, 90 * SECOND, FAILS[0])
    await world.webhook(seen())
    await world.until(HOUR)
    first, second = world.slack.posted.values()
    assert world.slack.withdrawn == [first]
    assert world.ledgers["chat"].message_ref == second


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(Refused("rate_limited", retry_after=5 * MINUTE), id="it has to wait"),
        pytest.param(Refused("invalid", permanent=True), id="it is a dead letter"),
    ],
)
async def test_a_message_that_is_found_before_another_one_was_taken_is_the_one_that_people_have(
    refusal: Refused,
) -> None:
    world = unanswered(TIMEOUT, refusal)
    world.slack.cannot_look = until(world, 80 * SECOND, FAILS[0])
    await world.webhook(seen())
    await world.until(HOUR)
    assert (len(posts(world)), world.slack.withdrawn, standing(world)) == (1, [], 1)
    ledger = world.ledgers["chat"]
    assert (ledger.last_notified.state, ledger.dead) == (NotifiedState.FIRING, "")


async def test_a_vendor_that_cannot_be_reached_at_all_is_looked_at_before_it_is_posted_to_again() -> None:
    world = unanswered()
    world.slack.cannot_look = until(world, 10 * MINUTE, Refused("unavailable"))
    await world.webhook(seen())
    await world.until(FIRST_POST + SECOND)
    world.slack.down = True
    await world.until(10 * MINUTE)
    world.slack.down = False
    await world.until(HOUR)
    assert (len(posts(world)), world.slack.withdrawn) == (1, [])
    assert world.ledgers["chat"].last_notified.state is NotifiedState.FIRING


async def test_a_vendor_that_shows_each_post_and_answers_none_does_not_fill_the_channel() -> None:
    world = unanswered(*[TIMEOUT] * 100)
    world.slack.cannot_look = until(world, 6 * HOUR, FAILS[0])
    await world.webhook(seen())
    await world.until(HOUR)
    assert len(posts(world)) <= 8
    await world.until(8 * HOUR)
    assert standing(world) == 1
    assert world.ledgers["chat"].message_ref not in world.slack.withdrawn


async def test_what_has_ended_before_anybody_heard_of_it_is_not_told_again() -> None:
    world = unanswered(acts=False)
    world.slack.cannot_look = until(world, 2 * HOUR, FAILS[0])
    await world.webhook(seen())
    await world.until(30 * SECOND)
    await world.webhook(seen(ends=30 * SECOND))
    await world.until(3 * HOUR)
    assert posts(world) == []


async def test_a_first_message_of_what_has_ended_meanwhile_is_found_and_its_end_is_told_there() -> None:
    world = unanswered()
    world.slack.cannot_look = until(world, 2 * HOUR, FAILS[0])
    await world.webhook(seen())
    await world.until(30 * SECOND)
    await world.webhook(seen(ends=30 * SECOND))
    await world.until(3 * HOUR)
    assert (len(posts(world)), standing(world)) == (1, 1)
    assert world.ledgers["chat"].last_notified.state is NotifiedState.ENDED


async def told_with_a_reply_in_doubt(world: World, failing_until: int) -> None:
    """Tell of an alert, and of a second one in its thread; the reply is not answered."""
    world.slack.refuses_replies = TIMEOUT
    world.slack.cannot_look = until(world, failing_until, FAILS[0])
    await world.webhook(seen(pod="a", severity="warning"))
    await world.until(20 * SECOND)
    await world.webhook(seen(pod="b", severity="warning", at=20 * SECOND))
    await world.until(2 * MINUTE)
    world.slack.refuses_replies = None
    assert len(replies(world)) == 1


def replies(world: World) -> list[Sent]:
    return [one for one in world.slack.sent if one.notes]


async def test_a_reply_in_doubt_waits_for_the_read_back_and_is_not_said_twice() -> None:
    world = World(CHAT)
    await told_with_a_reply_in_doubt(world, 2 * HOUR)
    await world.until(3 * HOUR)
    assert len(replies(world)) == 1
    assert world.ledgers["chat"].pending_notes == ()


@pytest.mark.parametrize("change", ["an end", "a rise"])
async def test_an_end_and_a_rise_do_not_wait_for_a_reply_in_doubt(change: str) -> None:
    world = World(CHAT)
    await told_with_a_reply_in_doubt(world, 2 * HOUR)
    at = 5 * MINUTE
    await world.until(at)
    if change == "an end":
        await world.webhook(*(seen(pod=pod, severity="warning", ends=at) for pod in "ab"))
    else:
        await world.webhook(seen(pod="c", at=at))
    await world.until(2 * HOUR)
    edits = [one for one in world.slack.sent if one.at >= at and one.notification is not None]
    assert edits
    wanted = edits[-1].notification
    assert wanted is not None
    if change == "a rise":
        assert edits[0].at < at + MINUTE
    else:
        assert wanted.state is NotifiedState.ENDED
    assert len(replies(world)) == 1, "replies wait"
    await world.until(3 * HOUR)
    said = [note.text for one in world.slack.sent for note in one.notes]
    assert len(said) == len(set(said)), "nothing is said twice in the thread"
    assert len(said) > 1
    assert world.ledgers["chat"].pending_notes == ()


async def test_the_fallback_is_told_by_its_own_time() -> None:
    world = World(WITH_FALLBACK)
    world.slack.answers = [TIMEOUT] * 50
    world.slack.acts_though_unanswered = False
    world.slack.cannot_look = lambda: FAILS[0]
    await world.webhook(seen())
    await world.until(10 * MINUTE)
    assert [one.at for one in world.pagerduty.sent] == [
        pytest.approx(FIRST_POST + 2 * MINUTE, abs=2 * SECOND)
    ]


@pytest.mark.parametrize("named", [2 * MINUTE, 5 * MINUTE])
async def test_a_read_back_is_not_asked_before_the_time_that_it_names(named: int) -> None:
    world = unanswered(acts=False)
    world.slack.cannot_look = until(world, DAY, Refused("rate_limited", retry_after=named))
    await world.webhook(seen())
    await world.until(20 * MINUTE)
    asked = world.slack.looked_at
    assert all(later - earlier >= named for earlier, later in pairwise(asked))
    assert len(posts(world)) == 1
