"""Whoever asks sees which steps of an escalation are ahead, when they come and what would stop them; they come then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.actions.incidents import IncidentActions
from gateway.actions.why import why_lines
from gateway.decisions.notification.plan import plan
from gateway.decisions.notification.steps_ahead import StepAhead, steps_ahead
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Condition, Hours, Mute, PageWhen, Route
from gateway.model.rules.rulebook import Rulebook
from gateway.model.severity import Severity
from gateway.state.snapshots import read_snapshot
from tests.flows.test_escalation import BOSS, LEAD, TOGETHER, UNTIL_NINE, rules
from tests.flows.test_silences import silenced
from tests.support.build import START, pager, rulebook, seen, slack, someone
from tests.support.world import World

PLACES = (slack(), slack("bosses"), pager(), pager("lead"), pager("boss"))
NOTICE = Route("slow", BUILT_IN, notify=("chat",), group_wait=0, escalate=(LEAD,))
ONLY_CRITICAL = PageWhen(conditions=(Condition(severity=Severity.CRITICAL),))


def only(route: Route, **more: object) -> Rulebook:
    made = rulebook(route, destinations=PLACES, correlate=TOGETHER)
    values = {name: getattr(made, name) for name in made.__slots__}
    return Rulebook(**values | more)


def actions(world: World) -> IncidentActions:
    return IncidentActions(world.shards, lambda: None)


async def fired(world: World, **labels: str) -> str:
    """Fire an alert, and let people be told of it."""
    await world.webhook(seen(service="db", **labels))
    await world.until(MINUTE)
    return world.incidents[0].id


async def ahead(world: World) -> tuple[StepAhead, ...]:
    policy = world.reconciler.context.policy
    versioned = await read_snapshot(world.store, world.incidents[0].id, policy)
    assert versioned is not None
    snapshot, now = versioned.snapshot, versioned.now
    return steps_ahead(plan(snapshot, policy, now), snapshot, policy, now)


async def lines(world: World) -> list[str]:
    policy = world.reconciler.context.policy
    versioned = await read_snapshot(world.store, world.incidents[0].id, policy)
    assert versioned is not None
    said = [line for line in why_lines(versioned, policy) if line.startswith("Step ")]
    return [line.replace(" (built-in)", "") for line in said]


def minutes(steps: tuple[StepAhead, ...]) -> list[int | None]:
    return [None if step.at is None else round((step.at - START) / MINUTE) for step in steps]


def taken(world: World, route: str = "everything") -> list[int]:
    """When the steps were taken, in minutes, the first one first."""
    found = world.incidents[0].escalations[route].taken
    return [round((found[position] - START) / MINUTE) for position in sorted(found)]


async def test_a_route_that_pages_nobody_at_first_says_whom_it_pages_when_and_unless_what() -> None:
    world = World(only(NOTICE))
    await fired(world)
    assert await lines(world) == ["Step 1 of slow pages lead in 14m, unless acknowledged."]
    await world.until(20 * MINUTE)
    assert await lines(world) == []
    assert taken(world, "slow") == [15]


async def test_before_anybody_is_told_the_steps_count_from_the_call_that_is_due() -> None:
    world = World(only(replace(NOTICE, group_wait=30 * SECOND, page=("pager",), escalate=(LEAD, BOSS))))
    await world.webhook(seen(service="db", severity="warning"))
    assert [round(((step.at or 0) - START) / SECOND) for step in await ahead(world)] == [930, 2730]
    await world.until(50 * MINUTE)
    assert taken(world, "slow") == [16, 46]


async def test_a_page_that_waits_for_page_when_counts_from_what_is_told_at_first() -> None:
    world = World(only(replace(NOTICE, page=("pager",), page_when=ONLY_CRITICAL)))
    await fired(world, severity="warning")
    assert minutes(await ahead(world)) == [15]


async def test_while_its_only_call_waits_for_page_when_no_time_is_named() -> None:
    world = World(only(replace(NOTICE, notify=(), page=("pager",), page_when=ONLY_CRITICAL)))
    await fired(world, severity="warning")
    assert await lines(world) == ["Step 1 of slow pages lead, unless acknowledged: not now, page_when, slow."]
    await world.until(HOUR)
    assert world.incidents[0].escalations == {}


async def test_whoever_has_it_stops_the_steps_that_ask_for_that_and_no_others() -> None:
    always = replace(BOSS, unless_acknowledged=False)
    world = World(rules(LEAD, always))
    await actions(world).acknowledge(await fired(world), someone("ann"))
    assert await lines(world) == [
        "Step 1 of everything pages lead, unless acknowledged: not now, ann has it.",
        "Step 2 of everything pages boss and tells bosses in 44m.",
    ]
    await world.until(50 * MINUTE)
    assert taken(world) == [45]


async def test_after_it_is_given_back_the_steps_come_as_far_apart_as_they_say() -> None:
    world = World(rules())
    incident = await fired(world)
    await actions(world).acknowledge(incident, someone("ann"))
    await world.until(100 * MINUTE)
    await actions(world).unacknowledge(incident, someone("ann"))
    # The first one is due now, so that it is taken by the very next plan.
    assert minutes(await ahead(world)) == [130]
    await world.until(131 * MINUTE)
    assert taken(world) == [100, 130]


async def test_a_step_out_of_its_hours_is_announced_for_their_begin() -> None:
    at_nine = replace(LEAD, hours=Hours(not_during=("early",)))
    world = World(rules(at_nine, intervals=UNTIL_NINE))
    await fired(world)
    assert await lines(world) == [
        "Step 1 of everything pages lead in 59m, unless acknowledged, not during early."
    ]
    await world.until(61 * MINUTE)
    assert taken(world) == [60]


async def test_what_a_mute_keeps_quiet_at_that_time_is_said_to_call_nobody_then() -> None:
    world = World(only(replace(NOTICE, mute=Mute(page=("early",))), intervals=UNTIL_NINE))
    await fired(world, severity="warning")
    assert await lines(world) == [
        "Step 1 of slow pages lead in 14m, unless acknowledged: kept quiet then, muted, slow, early."
    ]
    await world.until(59 * MINUTE)
    assert not any(sent.target == "lead" for sent in world.pagerduty.sent)


async def test_a_step_to_whom_is_paged_already_is_said_to_call_nobody() -> None:
    world = World(rules(replace(LEAD, page=("pager",)), BOSS))
    await fired(world)
    assert [step.paged_already for step in await ahead(world)] == [True, False]


async def test_a_silence_stops_them_all_and_says_so() -> None:
    world = World(rules(LEAD))
    await fired(world)
    await silenced(world, hours=3)
    (line,) = await lines(world)
    assert line.startswith(
        "Step 1 of everything pages lead, unless acknowledged: not now, silenced, silence "
    )


async def test_a_new_round_announces_its_steps_anew() -> None:
    world = World(rules(LEAD))
    await fired(world, severity="warning")
    await world.until(20 * MINUTE)
    await world.webhook(seen(service="web", severity="critical", at=20 * MINUTE))
    assert minutes(await ahead(world)) == [35]
    await world.until(36 * MINUTE)
    assert taken(world) == [35]


@pytest.mark.parametrize("what", ["ended", "no steps"])
async def test_where_nothing_escalates_nothing_is_announced(what: str) -> None:
    world = World(rules() if what == "ended" else only(replace(NOTICE, escalate=())))
    await fired(world)
    if what == "ended":
        await world.webhook(seen(service="db", ends=MINUTE))
    assert await ahead(world) == ()
