"""Over any timeline: every alert has a verdict, what is suppressed is told at once when the last reason ends,
ends are owed still.
"""

from __future__ import annotations

import asyncio

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.decisions.policy import Policy
from gateway.model.durations import HOUR, MINUTE
from gateway.model.ledger import NotifiedState
from gateway.model.rules.kinds import Maintenance
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Mute, Route
from gateway.model.rules.rulebook import Rulebook
from gateway.model.time_intervals import TimeInterval
from tests.support.build import START, match, pager, rulebook, seen, slack
from tests.support.world import World

MINUTES = st.integers(0, 180)
HOURS = TimeInterval.parse(
    {"times": [{"start_time": "08:30", "end_time": "09:15"}, {"start_time": "10:00", "end_time": "10:20"}]}
)


@st.composite
def timelines(draw: st.DrawFn) -> tuple[Rulebook, list[tuple[int, int]]]:
    """Some work, a mute, and alerts with their starts and ends, in minutes after 08:00."""
    spans = draw(st.lists(st.tuples(MINUTES, st.integers(1, 60)), max_size=4))
    work = tuple(
        Maintenance(
            f"w{at}",
            BUILT_IN,
            match('service="s"'),
            START + begin * MINUTE,
            START + (begin + length) * MINUTE,
        )
        for at, (begin, length) in enumerate(spans)
    )
    mute = (
        Mute(notify=("hours",), page=("hours",), critical=draw(st.booleans()))
        if draw(st.booleans())
        else Mute()
    )
    route = Route("all", BUILT_IN, notify=("chat",), page=("pager",), mute=mute)
    book = rulebook(route, destinations=(slack(), pager()))
    values = {name: getattr(book, name) for name in book.__slots__}
    lives = draw(st.lists(st.tuples(MINUTES, st.integers(1, 120)), min_size=1, max_size=4))
    return Rulebook(**values | {"maintenance": work, "intervals": {"hours": (HOURS,)}}), lives


def suppressed(policy: Policy, world: World, minute: int) -> bool:
    """By the rules alone: is a critical alert of this service kept from everybody?"""
    now = START + minute * MINUTE
    by_work = any(one.start <= now < one.end for one in policy.rules.maintenance)
    mute = policy.rules.routes[0].mute
    return by_work or (mute.critical and policy.calendar.contains("hours", now) and bool(mute.page))


async def play(book: Rulebook, lives: list[tuple[int, int]]) -> None:
    world, policy = World(book), Policy(book)
    changes = sorted(
        (minute, at, on)
        for at, (start, length) in enumerate(lives)
        for minute, on in ((start, True), (start + length, False))
    )
    for minute, at, on in changes:
        await world.until(minute * MINUTE)
        start = lives[at][0] * MINUTE
        one = (
            seen(service="s", pod=f"p{at}", at=start)
            if on
            else seen(service="s", pod=f"p{at}", at=start, ends=minute * MINUTE)
        )
        await world.webhook(one)
    for at, (start, length) in enumerate(lives):
        free = [
            minute for minute in range(start + 1, start + length) if not suppressed(policy, world, minute)
        ]
        shown = [
            sent
            for sent in world.slack.sent
            if sent.notification
            and any(line.labels.get("pod") == f"p{at}" for line in sent.notification.lines)
        ]
        if free:
            assert shown, f"p{at} fired unsuppressed and nobody was told"
            assert shown[0].at <= free[0] * MINUTE + MINUTE, "told as soon as nothing suppresses it"
    await world.until(world.at + 4 * HOUR)
    assert all(ledger.last_notified.state is not NotifiedState.FIRING for ledger in world.ledgers_everywhere)
    assert not any(world.imbalances().values())


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(timelines())
def test_suppression_delays_news_and_never_loses_it(timeline: tuple[Rulebook, list[tuple[int, int]]]) -> None:
    asyncio.run(play(*timeline))
