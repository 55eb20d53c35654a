"""Escalation: whoever is next is called while nobody takes the incident, once, and not a moment too early."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.actions.incidents import IncidentActions
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Refused
from gateway.model.rules.kinds import CorrelateRule
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import EscalationStep, Hours, Route
from gateway.model.rules.rulebook import Rulebook
from gateway.model.severity import Severity
from gateway.model.time_intervals import TimeInterval
from tests.flows.test_silences import silenced
from tests.support.build import pager, rulebook, seen, slack, someone
from tests.support.world import World

TOGETHER = (CorrelateRule("all", BUILT_IN, by=("cluster",), window=6 * HOUR),)
LEAD = EscalationStep(15 * MINUTE, True, page=("lead",))
BOSS = EscalationStep(45 * MINUTE, True, notify=("bosses",), page=("boss",))
# The world begins at 08:00.
UNTIL_NINE = {"early": (TimeInterval.parse({"times": [{"start_time": "08:00", "end_time": "09:00"}]}),)}


def rules(*steps: EscalationStep, **more: object) -> Rulebook:
    route = Route(
        "everything",
        BUILT_IN,
        notify=("chat",),
        page=("pager",),
        group_wait=0,
        escalate=steps or (LEAD, BOSS),
    )
    places = (slack(), slack("bosses"), pager(), pager("lead"), pager("boss"))
    made = rulebook(route, destinations=places, correlate=TOGETHER)
    values = {name: getattr(made, name) for name in made.__slots__}
    return Rulebook(**values | more)  # type: ignore[arg-type]


def called(world: World) -> dict[str, int]:
    """Who was paged, and when in minutes after the first call."""
    ledgers = {name: ledger for name, ledger in world.ledgers.items() if ledger.paged_at is not None}
    first = min(ledger.paged_at or 0 for ledger in ledgers.values())
    return {
        name: round(((ledger.paged_at or 0) - first) / MINUTE)
        for name, ledger in ledgers.items()
        if name != "chat"
    }


async def timeline(world: World) -> list[dict[str, str | int]]:
    """The steps that were taken, the first one first."""
    entries = await world.shards.timeline(None, 1_000)
    return [dict(entry.detail) for _, entry in reversed(entries) if entry.what == "escalated"]


def actions(world: World) -> IncidentActions:
    return IncidentActions(world.shards, lambda: None)


async def fired(world: World, **labels: str) -> str:
    await world.webhook(seen(service="db", **labels))
    await world.until(MINUTE)
    return world.incidents[0].id


async def test_each_step_calls_whoever_is_next_while_nobody_has_it() -> None:
    world = World(rules())
    await fired(world)
    await world.until(15 * MINUTE - SECOND)
    assert called(world) == {"pager": 0}
    await world.until(46 * MINUTE)
    assert called(world) == {"pager": 0, "lead": 15, "boss": 45}
    assert world.ledgers["bosses"].last_notified.state is NotifiedState.FIRING
    assert [(entry["step"], entry["round"]) for entry in await timeline(world)] == [(1, 1), (2, 1)]


async def test_an_acknowledgement_stops_it_and_giving_it_back_goes_on_as_far_apart_as_the_rules_have_it() -> (
    None
):
    world = World(rules())
    incident = await fired(world)
    await actions(world).acknowledge(incident, someone("ann"))
    await world.until(100 * MINUTE)
    assert called(world) == {"pager": 0}
    await actions(world).unacknowledge(incident, someone("ann"))
    await world.until(101 * MINUTE)
    assert "lead" in called(world)
    assert "boss" not in called(world)
    await world.until(129 * MINUTE)
    assert "boss" not in called(world)
    await world.until(131 * MINUTE)
    assert called(world)["boss"] - called(world)["lead"] == 30


async def test_a_step_without_a_condition_is_taken_although_somebody_has_it() -> None:
    world = World(rules(replace(LEAD, unless_acknowledged=False)))
    await actions(world).acknowledge(await fired(world), someone("ann"))
    await world.until(20 * MINUTE)
    assert world.ledgers["lead"].last_notified.state is NotifiedState.FIRING


@pytest.mark.parametrize("what", ["silenced", "snoozed", "closed", "ended"])
async def test_what_is_kept_quiet_or_over_escalates_no_further(what: str) -> None:
    world = World(rules())
    incident = await fired(world)
    match what:
        case "silenced":
            await silenced(world, hours=3)
        case "snoozed":
            await actions(world).snooze(incident, someone("ann"), 3 * HOUR)
        case "closed":
            await actions(world).close(incident, someone("ann"), "", 3 * HOUR)
        case "ended":
            await world.webhook(seen(service="db", ends=MINUTE))
    await world.until(2 * HOUR)
    assert "lead" not in called(world)
    assert await timeline(world) == []


async def test_a_step_that_falls_out_of_its_hours_waits_for_them() -> None:
    at_nine = replace(LEAD, hours=Hours(not_during=("early",)))
    world = World(rules(at_nine, intervals=UNTIL_NINE))
    await fired(world)
    await world.until(HOUR - SECOND)
    assert "lead" not in called(world)
    await world.until(HOUR + SECOND)
    assert called(world)["lead"] == 60


async def test_getting_worse_begins_anew_and_calls_everybody_again_under_a_new_key() -> None:
    world = World(rules(LEAD))
    await fired(world, severity="warning")
    await world.until(20 * MINUTE)
    assert [world.ledgers[name].generation for name in ("pager", "lead")] == [1, 1]
    await world.webhook(seen(service="web", severity="critical", at=20 * MINUTE))
    await world.until(21 * MINUTE)
    assert world.ledgers["pager"].generation == 2
    await world.until(36 * MINUTE)
    assert world.ledgers["lead"].generation == 2
    assert [(entry["step"], entry["round"]) for entry in await timeline(world)] == [(1, 1), (1, 2)]


async def test_whoever_a_step_called_keeps_the_page_when_it_gets_worse_and_is_called_anew_by_the_step() -> (
    None
):
    world = World(rules(LEAD))
    await fired(world, severity="warning")
    await world.until(20 * MINUTE)
    await world.webhook(seen(service="web", severity="critical", at=20 * MINUTE))
    for minute in (21, 30, 34):
        await world.until(minute * MINUTE)
        lead = world.ledgers["lead"]
        assert (lead.last_notified.state, lead.generation) == (NotifiedState.FIRING, 1)
    assert lead.last_notified.severity is Severity.CRITICAL
    await world.until(36 * MINUTE)
    assert called(world) == {"pager": 0, "lead": 15}
    assert (world.ledgers["lead"].generation, world.ledgers["lead"].life) == (2, 1)
    states = [sent.state for sent in world.pagerduty.sent if sent.target == "lead"]
    assert NotifiedState.MOVED not in states


async def test_whoever_joined_by_a_step_hears_of_what_gets_worse_though_somebody_has_it_then() -> None:
    world = World(rules(LEAD))
    incident = await fired(world, severity="warning")
    await world.until(20 * MINUTE)
    await world.webhook(seen(service="web", severity="critical", at=20 * MINUTE))
    await actions(world).acknowledge(incident, someone("ann"))
    await world.until(2 * HOUR)
    lead = world.ledgers["lead"]
    assert (lead.last_notified.state, lead.last_notified.acknowledged_by) == (NotifiedState.FIRING, "ann")
    assert lead.generation == 1


async def test_a_step_to_somebody_who_was_paged_in_this_round_is_skipped_and_said_so() -> None:
    again = EscalationStep(10 * MINUTE, True, page=("pager",))
    world = World(rules(again))
    await fired(world)
    pages = len(world.pagerduty.sent)
    await world.until(HOUR)
    assert await timeline(world) == [
        {"route": "everything", "step": 1, "round": 1, "skipped": "already_paged"}
    ]
    assert len(world.pagerduty.sent) == pages


async def test_whoever_was_called_by_a_step_is_told_the_end() -> None:
    world = World(rules())
    await fired(world)
    await world.until(20 * MINUTE)
    await world.webhook(seen(service="db", ends=20 * MINUTE))
    await world.until(30 * MINUTE)
    assert {name: ledger.last_notified.state for name, ledger in world.ledgers.items()} == dict.fromkeys(
        ("chat", "pager", "lead"), NotifiedState.ENDED
    )


async def test_whoever_stands_in_for_a_target_of_a_step_is_called_anew_with_the_step_and_no_sooner() -> None:
    made = rules(LEAD)
    places = {**made.destinations, "lead": pager("lead", fallback=("boss",))}
    values = {name: getattr(made, name) for name in made.__slots__}
    world = World(Rulebook(**values | {"destinations": places}))
    await fired(world, severity="warning")
    await world.until(14 * MINUTE)
    world.pagerduty.answers = [Refused("auth", permanent=True)]
    await world.until(20 * MINUTE)
    assert world.ledgers["boss"].last_notified.covers.keys() == {"lead"}
    await world.webhook(seen(service="web", severity="critical", at=20 * MINUTE))
    for minute, generation in ((22, 1), (33, 1), (37, 2)):
        await world.until(minute * MINUTE)
        assert (minute, world.ledgers["boss"].generation) == (minute, generation)
