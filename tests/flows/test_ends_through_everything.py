"""Whatever comes between a firing and its end: who was told of the one is told of the other, once, and nobody
else is.

Alertmanager's oldest complaint (https://github.com/prometheus/alertmanager/issues/226), on our side of the
webhook.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.ledger import NotifiedState
from gateway.model.rules.kinds import InhibitRule, Maintenance
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Hours, Mute, Route, Shift
from gateway.model.rules.rulebook import Rulebook
from gateway.model.time_intervals import TimeInterval
from tests.flows.test_silences import silenced
from tests.support.build import START, match, pager, rulebook, seen, slack
from tests.support.world import World

EVERYTHING = Route("everything", BUILT_IN, notify=("chat",), page=("pager",))
LATER = TimeInterval.parse({"times": [{"start_time": "08:10", "end_time": "24:00"}]})  # START is at 08:00
AT = 10 * MINUTE
OVER = (NotifiedState.ENDED, NotifiedState.MOVED)


def rules(route: Route | None = EVERYTHING, **more: object) -> Rulebook:
    places = (slack(), slack("other", "C2"), pager(), pager("second"))
    made = rulebook(*([route] if route else []), destinations=places)
    if route is None:
        made = replace(made, routes=(), roots=())
    return replace(made, intervals={"later": (LATER,)}, **more)  # type: ignore[arg-type]


Between = Callable[[World], Awaitable[None]]


async def nothing(_: World) -> None: ...


async def a_source_fires(world: World) -> None:
    await world.webhook(seen("NodeDown", at=AT))


async def a_source_fires_and_ends(world: World) -> None:
    await world.webhook(seen("NodeDown", at=AT))
    await world.until(AT + MINUTE)
    await world.webhook(seen("NodeDown", at=AT, ends=AT + MINUTE))


async def somebody_silences_it(world: World) -> None:
    await silenced(world, 'alertname="HighErrorRate"')


async def it_is_routed_elsewhere(world: World) -> None:
    await world.reload(rules(replace(EVERYTHING, notify=("other",), page=("second",))))


async def its_route_is_deleted(world: World) -> None:
    await world.reload(rules(None))


async def its_route_is_deleted_and_comes_back(world: World) -> None:
    await world.reload(rules(None))
    await world.until(AT + MINUTE)
    await world.reload(rules())


async def work_is_announced(world: World) -> None:
    await world.reload(
        rules(
            maintenance=(Maintenance("w", BUILT_IN, match('alertname="HighErrorRate"'), START, START + HOUR),)
        )
    )


async def the_gateway_restarts(world: World) -> None:
    world.begin(rules())


async def everything_at_once(world: World) -> None:
    await a_source_fires(world)
    await somebody_silences_it(world)
    await work_is_announced(world)
    world.begin(rules(None))
    await its_route_is_deleted(world)


INHIBITS = rules(
    inhibit=(InhibitRule("node", BUILT_IN, match('alertname="NodeDown"'), match('alertname!="NodeDown"')),)
)
MUTED = rules(replace(EVERYTHING, mute=Mute(page=("later",), notify=("later",), critical=True)))
SHIFTED = rules(
    replace(EVERYTHING, shifts=(Shift(Hours(not_during=("later",)), page=("pager",)), Shift(Hours(("later",)), page=("second",))), page=())
)  # fmt: skip
BY_DAY = rules(replace(EVERYTHING, hours=Hours(not_during=("later",))))
WORK = rules(
    maintenance=(Maintenance("w", BUILT_IN, match('alertname="HighErrorRate"'), START + AT, START + HOUR),)
)

CASES = [
    pytest.param(rules(), nothing, id="nothing"),
    pytest.param(INHIBITS, a_source_fires, id="it is inhibited"),
    pytest.param(INHIBITS, a_source_fires_and_ends, id="it was inhibited for a while"),
    pytest.param(MUTED, nothing, id="its route is muted"),
    pytest.param(SHIFTED, nothing, id="the shift changes"),
    pytest.param(BY_DAY, nothing, id="its route is out of its hours"),
    pytest.param(WORK, nothing, id="work begins"),
    pytest.param(rules(), work_is_announced, id="work is announced by a reload"),
    pytest.param(rules(), somebody_silences_it, id="it is silenced"),
    pytest.param(rules(), it_is_routed_elsewhere, id="it is routed elsewhere"),
    pytest.param(rules(), its_route_is_deleted, id="its route is deleted"),
    pytest.param(rules(), its_route_is_deleted_and_comes_back, id="its route is deleted and comes back"),
    pytest.param(rules(), the_gateway_restarts, id="the gateway restarts"),
    pytest.param(INHIBITS, everything_at_once, id="everything at once"),
]


def told(world: World) -> dict[str, list[NotifiedState]]:
    found: dict[str, list[NotifiedState]] = {}
    for one in (*world.slack.sent, *world.pagerduty.sent):
        if one.notification is not None and "NodeDown" not in one.notification.title:
            found.setdefault(one.target, []).append(one.notification.state)
    return found


def each_firing_is_over_once(world: World) -> None:
    for target, states in told(world).items():
        ends = [state for state in states if state in OVER]
        begins = [
            state
            for at, state in enumerate(states)
            if state is NotifiedState.FIRING and (at == 0 or states[at - 1] in OVER)
        ]
        assert states[0] is NotifiedState.FIRING, f"{target} was told an end of something it never heard of"
        assert states[-1] in OVER, f"{target} was never told the end"
        assert len(ends) == len(begins), f"{target} was told an end twice"


@pytest.mark.parametrize(("before", "between"), CASES)
async def test_who_was_told_before_is_told_the_end_once(before: Rulebook, between: Between) -> None:
    world = World(before)
    await world.webhook(seen())
    await world.until(AT - SECOND)
    assert told(world) == {"chat": [NotifiedState.FIRING], "pager": [NotifiedState.FIRING]}
    await world.until(AT)
    await between(world)
    await world.until(AT + 5 * MINUTE)
    await world.webhook(seen(ends=world.at))
    await world.until(AT + 20 * MINUTE)
    each_firing_is_over_once(world)


@pytest.mark.parametrize(("before", "between"), CASES)
async def test_what_begins_and_ends_afterwards_is_told_whole_or_not_at_all(
    before: Rulebook, between: Between
) -> None:
    world = World(before)
    await world.until(AT)
    await between(world)
    await world.until(AT + 5 * MINUTE)
    begun = world.at
    await world.webhook(seen(at=begun))
    await world.until(begun + 5 * MINUTE)
    await world.webhook(seen(at=begun, ends=world.at))
    await world.until(world.at + 5 * HOUR)
    each_firing_is_over_once(world)


@pytest.mark.parametrize(("before", "between"), CASES)
async def test_what_comes_before_the_first_telling_leaves_nobody_with_half_of_it(
    before: Rulebook, between: Between
) -> None:
    world = World(before)
    await world.until(AT - SECOND)
    begun = world.at
    await world.webhook(seen(at=begun))
    await world.until(AT)
    await between(world)
    await world.until(AT + 3 * MINUTE)
    await world.webhook(seen(at=begun, ends=world.at))
    await world.until(world.at + 5 * HOUR)
    each_firing_is_over_once(world)


@pytest.mark.parametrize(("before", "between"), CASES)
async def test_a_re_fire_after_a_told_end_is_told_again_if_nothing_keeps_it(
    before: Rulebook, between: Between
) -> None:
    world = World(before)
    await world.webhook(seen())
    await world.until(AT)
    await between(world)
    await world.until(AT + 2 * MINUTE)
    await world.webhook(seen(ends=world.at))
    await world.until(AT + 10 * MINUTE)
    each_firing_is_over_once(world)
    again = world.at
    await world.webhook(seen(at=again))
    await world.until(again + MINUTE)
    firing = {target for target, states in told(world).items() if states[-1] is NotifiedState.FIRING}
    kept = world.store.counted.get("standing:suppressed", 0)
    assert firing or kept, "told, or suppressed with a reason"
    await world.webhook(seen(at=again, ends=world.at))
    await world.until(world.at + 5 * HOUR)
    each_firing_is_over_once(world)


async def test_an_end_that_alertmanager_swallowed_is_made_good_by_the_end_of_the_next_life() -> None:
    """It was muted there as it ended, so it never said so; nobody may be told a second beginning without an
    end, or an end twice.
    """
    world = World(rules())
    await world.webhook(seen())
    await world.until(AT)
    again = AT + 30 * MINUTE
    await world.until(again)
    await world.webhook(seen(at=again))
    await world.until(again + 5 * MINUTE)
    assert told(world) == {"chat": [NotifiedState.FIRING], "pager": [NotifiedState.FIRING]}
    await world.webhook(seen(at=again, ends=world.at))
    await world.until(world.at + HOUR)
    each_firing_is_over_once(world)


async def test_an_end_of_what_alertmanager_never_sent_firing_is_told_to_nobody() -> None:
    """It was muted there while it fired, and no longer as it ended."""
    world = World(rules())
    await world.webhook(seen(at=0, ends=AT))
    await world.until(HOUR)
    assert told(world) == {}
