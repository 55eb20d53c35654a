"""A message that is removed, or that nobody can edit, is posted anew: bounded, once for each news, calling nobody
again.
"""

from __future__ import annotations

from gateway.decisions.delivery import reposts
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Refused
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from tests.support.build import rulebook, seen, slack
from tests.support.world import World

REMOVED = Refused("gone", "message_not_found", gone=True)
THREAD_GONE = Refused("gone", "thread_not_found", gone=True)
UNEDITABLE = Refused(reposts.UNEDITABLE, "edit_window_closed", gone=True)
FIRING, ENDED = NotifiedState.FIRING, NotifiedState.ENDED


def world_of(**route: object) -> World:
    everything = Route("everything", BUILT_IN, notify=("chat",), page=("chat",), **route)  # type: ignore[arg-type]
    return World(rulebook(everything, destinations=(slack(mention_on_page=("@here",)), slack("dev", "C2"))))


def posts(world: World) -> list[int]:
    """When the incident was posted, in seconds."""
    return [sent.at // SECOND for sent in world.slack.sent if sent.posted]


async def told(**route: object) -> World:
    world = world_of(**route)
    await world.webhook(seen())
    await world.until(MINUTE)
    assert posts(world) == [10]
    return world


async def test_a_message_that_is_removed_again_and_again_is_posted_a_few_times_an_hour_and_then_a_dead_letter() -> (
    None
):
    world = await told()
    world.slack.refuses_edits, world.slack.refuses_replies = REMOVED, THREAD_GONE
    for minute in range(1, 40):
        await world.webhook(seen(pod=f"p{minute}", at=minute * 60_000, severity="warning"))
        await world.until((minute + 1) * MINUTE)
    assert len(posts(world)) == 4
    ledger = world.ledgers["chat"]
    assert ledger.dead == "removed"
    assert "posted 4 times within an hour" in ledger.error
    assert world.store.counted["failing:chat"] == 1


async def test_one_that_somebody_removed_by_mistake_is_back_with_the_next_news() -> None:
    world = await told()
    world.slack.answers = [REMOVED]
    await world.webhook(seen(pod="b", at=60_000))
    await world.until(3 * MINUTE)
    assert len(posts(world)) == 2
    assert world.ledgers["chat"].dead == ""


async def test_a_rise_and_an_end_are_told_however_often_it_was_removed() -> None:
    world = world_of()
    await world.webhook(seen(severity="warning"))
    await world.until(MINUTE)
    world.slack.refuses_edits, world.slack.refuses_replies = REMOVED, THREAD_GONE
    for minute in range(1, 20):
        await world.webhook(seen(pod=f"p{minute}", at=minute * 60_000, severity="warning"))
        await world.until((minute + 1) * MINUTE)
    before = len(posts(world))
    await world.webhook(seen(pod="worse", at=1_200_000, severity="critical"))
    await world.until(22 * MINUTE)
    severities = [
        sent.notification.severity.word for sent in world.slack.sent if sent.notification and sent.posted
    ]
    assert severities[before:] == ["critical"]


async def test_the_same_posted_anew_says_that_people_were_called_already() -> None:
    world = await told()
    world.slack.answers = [REMOVED]
    await world.webhook(seen(pod="b", at=60_000))
    await world.until(3 * MINUTE)
    first, again = [sent.notification for sent in world.slack.sent if sent.posted and sent.notification]
    assert (first.called, again.called) == (False, True)


async def test_a_rise_that_is_posted_anew_calls_people() -> None:
    world = world_of()
    await world.webhook(seen(severity="warning"))
    await world.until(MINUTE)
    world.slack.answers = [REMOVED]
    await world.webhook(seen(pod="b", at=60_000, severity="critical"))
    await world.until(3 * MINUTE)
    again = [sent.notification for sent in world.slack.sent if sent.posted and sent.notification][-1]
    assert (again.severity.word, again.called) == ("critical", False)


async def test_the_old_thread_of_a_message_that_cannot_be_edited_leads_to_the_newer_one() -> None:
    world = await told()
    old = world.ledgers["chat"].message_ref
    world.slack.answers = [UNEDITABLE]
    await world.webhook(seen(ends=60_000))
    await world.until(5 * MINUTE)
    newer = world.ledgers["chat"].message_ref
    assert world.slack.led_on == [(old, newer, "HighErrorRate")]
    assert world.ledgers["chat"].last_notified.state is ENDED
    assert world.ledgers["chat"].left is None


async def test_where_nobody_may_edit_updates_wait_and_the_end_does_not() -> None:
    world = await told()
    world.slack.refuses_edits = UNEDITABLE
    for minute in range(1, 30):
        await world.webhook(seen(pod=f"p{minute}", at=minute * 60_000))
        await world.until((minute + 1) * MINUTE)
    assert len(posts(world)) == 4
    assert world.ledgers["chat"].dead == ""
    ends = [seen(ends=1_800_000)]
    ends += [seen(pod=f"p{minute}", at=minute * 60_000, ends=1_800_000) for minute in range(1, 30)]
    await world.webhook(*ends)
    await world.until(40 * MINUTE)
    last = [sent for sent in world.slack.sent if sent.notification][-1]
    assert (last.state, last.posted) == (ENDED, True)


async def test_updates_of_what_nobody_may_edit_go_on_an_hour_later() -> None:
    world = await told()
    world.slack.refuses_edits = UNEDITABLE
    for minute in range(1, 10):
        await world.webhook(seen(pod=f"p{minute}", at=minute * 60_000))
        await world.until((minute + 1) * MINUTE)
    await world.until(2 * HOUR)
    newest = [sent.notification for sent in world.slack.sent if sent.notification][-1]
    assert newest is not None
    assert newest.firing == 10


async def test_before_a_late_reply_the_message_is_edited_so_that_it_never_lands_bare() -> None:
    """A reminder comes long after the last edit: the message may have been removed since."""
    world = await told(remind=30 * MINUTE)
    world.slack.answers = [REMOVED]
    await world.until(45 * MINUTE)
    kinds = ["note" if sent.notes else "post" if sent.posted else "edit" for sent in world.slack.sent]
    assert kinds == ["post", "post", "note"]


async def test_a_reply_right_after_an_edit_needs_no_further_one() -> None:
    world = await told()
    await world.webhook(seen(ends=60_000))
    await world.until(5 * MINUTE)
    kinds = ["note" if sent.notes else "post" if sent.posted else "edit" for sent in world.slack.sent]
    states = [sent.state for sent in world.slack.sent if sent.notification]
    assert (kinds, states) == (["post", "edit", "edit", "note"], [FIRING, FIRING, ENDED])
