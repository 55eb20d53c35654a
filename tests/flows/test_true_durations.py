"""What people read of lengths of time is so: of an incident that flaps, of its end, of a reminder."""

from __future__ import annotations

from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Notification
from tests.flows.test_telling import route
from tests.support.build import rulebook, seen
from tests.support.world import World

PATIENT = {"resolve_after": 5 * MINUTE}


async def flapping(world: World, *, times: int, last_ends: bool = False) -> None:
    """Let an alert fire every two minutes, each time for one minute."""
    for number in range(times):
        at = number * 2 * MINUTE
        await world.until(at)
        await world.webhook(seen(at=at))
        if number < times - 1 or last_ends:
            await world.until(at + MINUTE)
            await world.webhook(seen(at=at, ends=at + MINUTE))


def newest(world: World) -> Notification:
    return [one.notification for one in world.slack.sent if one.notification is not None][-1]


async def test_a_flapping_incident_fires_since_its_first_firing_and_says_how_often() -> None:
    world = World(rulebook(route(**PATIENT)))
    await flapping(world, times=4)
    await world.until(7 * MINUTE)
    shown = newest(world)
    assert shown.state is NotifiedState.FIRING
    assert shown.often is not None
    assert shown.often.how_often() == "4th time in 6m, firing 3m of them"
    assert (shown.at - shown.started_at) // MINUTE == 6


async def test_the_end_counts_from_the_first_firing_to_the_last_end() -> None:
    world = World(rulebook(route(**PATIENT)))
    await flapping(world, times=3, last_ends=True)
    await world.until(HOUR)
    shown = newest(world)
    assert shown.state is NotifiedState.ENDED
    assert shown.ended_at is not None
    assert shown.often is not None
    assert (shown.ended_at - shown.started_at, shown.often.fired_for) == (5 * MINUTE, 3 * MINUTE)


async def test_the_end_of_several_alerts_counts_from_the_first_of_them_to_the_last() -> None:
    world = World()
    await world.webhook(seen(pod="a"))
    await world.until(MINUTE)
    await world.webhook(seen(pod="a", ends=MINUTE), seen(pod="b", at=MINUTE))
    await world.until(4 * MINUTE)
    await world.webhook(seen(pod="b", at=MINUTE, ends=4 * MINUTE))
    await world.until(10 * MINUTE)
    shown = newest(world)
    assert shown.ended_at is not None
    assert shown.ended_at - shown.started_at == 4 * MINUTE


async def test_a_reminder_about_what_has_just_fired_again_counts_from_the_first_firing() -> None:
    world = World(rulebook(route(remind=4 * MINUTE, **PATIENT)))
    await flapping(world, times=3)
    await world.until(5 * MINUTE)
    said = [
        note.text for one in world.slack.sent for note in one.notes if "not acknowledged here" in note.text
    ]
    assert said == [
        "🔴 HighErrorRate: still firing after 4m, not acknowledged here (3rd time in 4m, firing 2m of them)"
    ]


async def test_a_reminder_about_a_start_that_lies_ahead_counts_from_when_people_were_told() -> None:
    world = World(rulebook(route(remind=30 * MINUTE)))
    await world.webhook(seen(at=2 * HOUR))
    await world.until(31 * MINUTE + 10 * SECOND)
    said = [note.text for one in world.slack.sent for note in one.notes]
    assert said == ["🔴 HighErrorRate: still firing after 30m, not acknowledged here"]
