"""Vendors that refuse what comes too fast and name no time: everything is told, the most urgent first."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest

from gateway.model.durations import MINUTE, SECOND
from gateway.model.lanes import Pace
from gateway.model.notification import Refused
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.model.severity import Severity
from gateway.outbound.registry import PACES
from tests.support.build import pager, rulebook, seen, slack
from tests.support.world import World

PAGES = 240
LIMIT_NEEDS = PAGES * SECOND // 2  # by 120 a minute
LATE = MINUTE  # when a critical alert comes, in the middle of the others
PAGER_ONLY = rulebook(Route("all", BUILT_IN, page=("pager",), group_wait=0), destinations=(pager(),))
CHAT_ONLY = rulebook(Route("all", BUILT_IN, notify=("chat",), group_wait=0), destinations=(slack(),))


def every(count: int) -> Callable[[], bool]:
    """Refuse one call in so many."""
    calls = iter(range(1, 1_000_000))
    return lambda: next(calls) % count == 0


def at_random(share: float, seed: int = 7) -> Callable[[], bool]:
    random = Random(seed)
    return lambda: random.random() < share


def within_a_minute(world: World, most: int, *, counts_refused: bool) -> Callable[[], bool]:
    """Refuse what is more than so many in a minute that slides, by all calls or by those that were taken."""
    taken: deque[int] = deque()

    def too_fast() -> bool:
        while taken and taken[0] <= world.at - MINUTE:
            taken.popleft()
        refuses = len(taken) >= most
        if counts_refused or not refuses:
            taken.append(world.at)
        return refuses

    return too_fast


async def storm(world: World, *, replicas: bool = False) -> int:
    """Page 240 warnings, and a critical alert behind them. Return when the critical one was told."""
    for number in range(PAGES):
        await world.spread.accept((seen(f"P{number}", severity="warning", service=f"s{number}"),), ())
    while world.at < LATE:
        await world.until(min(LATE, world.at + 5 * SECOND))
        if replicas:
            world.begin(PAGER_ONLY)
    await world.webhook(seen("Critical", severity="critical", service="shop", at=LATE))
    while len(first_told(world)) <= PAGES:
        assert world.at < 60 * MINUTE
        await world.until(world.at + 5 * SECOND)
        if replicas:
            world.begin(PAGER_ONLY)
    return next(at for title, at in first_told(world).items() if "Critical" in title)


def first_told(world: World) -> dict[str, int]:
    told: dict[str, int] = {}
    for sent in (*world.pagerduty.sent, *world.slack.sent):
        if sent.notification is not None:
            told.setdefault(sent.notification.title, sent.at)
    return told


def paced() -> World:
    return World(PAGER_ONLY, paces=PACES)


@pytest.mark.parametrize("count", [11, 33])
async def test_a_refusal_now_and_then_costs_a_second_and_not_half_a_minute(count: int) -> None:
    world = paced()
    world.pagerduty.too_fast = every(count)
    critical = await storm(world)
    assert critical - LATE < 10 * SECOND
    assert max(first_told(world).values()) <= 1.3 * LIMIT_NEEDS
    assert len(world.pagerduty.sent) == PAGES + 1, "nobody is paged twice"


@pytest.mark.parametrize("seed", [7, pytest.param(8, marks=pytest.mark.long)])
@pytest.mark.parametrize("share", [0.05, 0.2, 0.33])
async def test_what_is_refused_by_chance_costs_little_more_than_to_say_it_again(
    share: float, seed: int
) -> None:
    """What is refused may count for the vendor's limit: of 120 calls a minute so many are in vain."""
    world = paced()
    world.pagerduty.too_fast = at_random(share, seed)
    critical = await storm(world)
    told = sorted(first_told(world).values())
    assert critical == next(at for at in told if at > LATE), "the critical one is what asks"
    assert critical - LATE < 10 * SECOND
    assert told[-1] <= 1.3 * LIMIT_NEEDS / (1 - share)
    assert len(world.pagerduty.sent) == PAGES + 1, "nobody is paged twice"


async def test_a_vendor_that_takes_less_than_half_of_it_is_told_all_the_same() -> None:
    world = paced()
    world.pagerduty.too_fast = at_random(0.6)
    critical = await storm(world)
    assert critical == next(at for at in sorted(first_told(world).values()) if at > LATE)
    assert len(world.pagerduty.sent) == PAGES + 1, "nobody is paged twice"


@pytest.mark.parametrize("counts_refused", [False, True])
async def test_a_vendor_that_takes_120_a_minute_is_used_to_its_limit(counts_refused: bool) -> None:
    world = paced()
    world.pagerduty.too_fast = within_a_minute(world, 120, counts_refused=counts_refused)
    critical = await storm(world)
    assert critical - LATE < 10 * SECOND
    assert max(first_told(world).values()) <= 1.3 * LIMIT_NEEDS
    assert len(world.pagerduty.tried) < PAGES + 15, "few calls are made in vain"


async def test_replicas_share_what_they_know_of_the_limit() -> None:
    """A new process each five seconds knows what is in the store alone."""
    world = paced()
    world.pagerduty.too_fast = within_a_minute(world, 120, counts_refused=False)
    critical = await storm(world, replicas=True)
    assert critical - LATE < 10 * SECOND
    assert max(first_told(world).values()) <= 1.3 * LIMIT_NEEDS


@pytest.mark.parametrize(("severities", "gap"), [(("warning",) * 2, 30), (("warning", "critical"), 3)])
async def test_a_vendor_that_refuses_everything_for_long_is_asked_now_and_then_by_the_most_urgent(
    severities: tuple[str, str], gap: int
) -> None:
    world = paced()
    world.pagerduty.too_fast = lambda: world.at < 10 * MINUTE
    for number, severity in enumerate(severities):
        await world.webhook(seen(f"P{number}", severity=severity, service=f"s{number}"))
    await world.until(9 * MINUTE)
    asked = [(at, incident) for at, incident in world.pagerduty.tried if at > 2 * MINUTE]
    assert {later - earlier for (earlier, _), (later, _) in pairwise(asked)} == {gap * SECOND}
    await world.until(11 * MINUTE)
    first, second = (sent.notification for sent in world.pagerduty.sent)
    assert first is not None
    assert second is not None
    assert (first.severity, second.severity) == (max(first.severity, second.severity), Severity.WARNING)


async def test_a_new_critical_alert_does_not_wait_for_a_lane_that_long_refusals_have_closed() -> None:
    world = paced()
    world.pagerduty.too_fast = lambda: world.at < 106 * SECOND
    await world.webhook(seen("Warning", severity="warning", service="a"))
    await world.until(107 * SECOND)
    assert not world.pagerduty.sent
    await world.webhook(seen("Critical", service="b", at=107 * SECOND))
    await world.until(108 * SECOND)
    assert [one.notification.severity for one in world.pagerduty.sent if one.notification] == [
        Severity.CRITICAL
    ]
    await world.until(3 * MINUTE)
    assert len(world.pagerduty.sent) == 2


async def test_what_was_not_sent_to_a_vendor_that_refused_everything_is_sent_as_soon_as_it_is_well() -> None:
    world = paced()
    well = 16 * SECOND
    world.pagerduty.too_fast = lambda: world.at < well
    for number in range(24):
        await world.until(number * 700)
        await world.webhook(seen(f"P{number}", service=f"s{number}", at=number * 700))
    await world.until(MINUTE)
    assert len(world.pagerduty.sent) == 24
    assert max(first_told(world).values()) - well <= 10 * SECOND


async def test_a_time_that_the_vendor_names_is_waited_for_in_between() -> None:
    world = paced()
    world.pagerduty.answers = [
        Refused("rate_limited"),
        Refused("rate_limited", retry_after=20 * SECOND),
        Refused("rate_limited"),
    ]
    await world.webhook(seen(at=0))
    await world.until(2 * MINUTE)
    tries = [at for at, _ in world.pagerduty.tried]
    gaps = [later - earlier for earlier, later in pairwise(tries)]
    # The minute in which the first refusal counts is not over when the third one comes.
    assert gaps == [pytest.approx(wait, abs=100) for wait in (1_000, 20_000, 2_000)]


async def test_slack_that_names_no_time_is_asked_again_after_a_second() -> None:
    world = World(CHAT_ONLY, paces={"slack": Pace(1_100, 3)})
    world.slack.too_fast = every(4)
    for number in range(30):
        await world.spread.accept((seen(f"P{number}", service=f"s{number}"),), ())
    await world.until(1.3 * 30 * 1_100 + 3 * SECOND)
    assert len([one for one in world.slack.sent if one.posted]) == 30


async def test_an_end_is_told_by_what_no_rule_names_any_more_though_its_vendor_refuses() -> None:
    world = paced()
    await world.webhook(seen())
    world.use(CHAT_ONLY)
    world.pagerduty.too_fast = lambda: world.at < 3 * MINUTE
    await world.until(30 * SECOND)
    await world.webhook(seen(ends=30 * SECOND))
    await world.until(10 * MINUTE)
    assert [one.state.value for one in world.pagerduty.sent][-1] in {"moved", "ended"}
    assert len(world.pagerduty.tried) < 60
