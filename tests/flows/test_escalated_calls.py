"""Whoever is called by a step of an escalation reads that it is one, and after how long nobody had it."""

from __future__ import annotations

from dataclasses import replace

from gateway.actions.incidents import IncidentActions
from gateway.model.durations import MINUTE
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Notification, Refused
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Condition, EscalationStep, PageWhen, Route
from gateway.model.rules.rulebook import Rulebook
from gateway.model.severity import Severity
from gateway.model.statistics.events import Call
from gateway.model.worded import TakenStep
from gateway.state.statistics import read_events
from tests.flows.test_escalation import TOGETHER, fired, rules
from tests.support.build import pager, rulebook, seen, slack, someone
from tests.support.world import World

LEAD = EscalationStep(15 * MINUTE, True, page=("lead",))
ONLY_CRITICAL = PageWhen(conditions=(Condition(severity=Severity.CRITICAL),))


def told(world: World, target: str) -> list[Notification]:
    everything = (*world.slack.sent, *world.pagerduty.sent)
    return [sent.notification for sent in everything if sent.target == target and sent.notification]


def step(number: int, minutes: int | None, *, unless: bool = True) -> TakenStep:
    return TakenStep(
        "everything", number, None if minutes is None else minutes * MINUTE, unless_acknowledged=unless
    )


def loud(route: Route) -> Rulebook:
    """A channel that is notified first and mentions people where it pages."""
    places = (slack(mention_on_page=("@here",)), pager())
    return rulebook(route, destinations=places, correlate=TOGETHER)


async def kinds(world: World) -> list[tuple[str, int | None]]:
    events = await read_events(world.shards)
    return [(event.call_kind, event.step) for event in events if isinstance(event, Call)]


async def test_each_step_says_its_number_and_after_how_long_nobody_had_it() -> None:
    world = World(rules())
    await fired(world)
    await world.until(50 * MINUTE)
    assert [said.escalation for said in told(world, "pager")] == [None]
    assert [said.escalation for said in told(world, "lead")] == [step(1, 15)]
    assert [said.escalation for said in told(world, "boss")] == [step(2, 45)]
    assert {said.escalation for said in told(world, "bosses")} == {step(2, 45)}


async def test_a_step_that_asks_for_nobody_to_have_it_says_only_the_time() -> None:
    world = World(rules(replace(LEAD, unless_acknowledged=False)))
    await IncidentActions(world.shards, lambda: None).acknowledge(await fired(world), someone("ann"))
    await world.until(20 * MINUTE)
    assert {said.escalation for said in told(world, "lead")} == {step(1, 15, unless=False)}


async def test_the_end_of_it_is_no_escalation() -> None:
    world = World(rules())
    await fired(world)
    await world.until(20 * MINUTE)
    await world.webhook(seen(service="db", ends=20 * MINUTE))
    await world.until(30 * MINUTE)
    last = told(world, "lead")[-1]
    assert (last.state, last.escalation) == (NotifiedState.ENDED, None)


async def test_a_round_that_begins_anew_counts_its_own_time() -> None:
    world = World(rules(LEAD))
    await fired(world, severity="warning")
    await world.until(20 * MINUTE)
    await world.webhook(seen(service="web", severity="critical", at=20 * MINUTE))
    await world.until(36 * MINUTE)
    assert [said.escalation for said in told(world, "lead")] == [step(1, 15), step(1, None), step(1, 15)]


async def test_whoever_stands_in_for_a_target_of_a_step_reads_both() -> None:
    made = rules(LEAD)
    places = {**made.destinations, "lead": pager("lead", fallback=("boss",))}
    values = {name: getattr(made, name) for name in made.__slots__}
    world = World(Rulebook(**values | {"destinations": places}))
    await fired(world)
    await world.until(14 * MINUTE)
    world.pagerduty.answers = [Refused("auth", permanent=True)]
    await world.until(16 * MINUTE)
    said = told(world, "boss")[0]
    assert (said.escalation, said.reason.partition(":")[0]) == (step(1, 15), "lead cannot be reached")


async def test_a_channel_that_knows_of_it_is_called_by_a_reply_that_says_why() -> None:
    loud_step = EscalationStep(15 * MINUTE, True, page=("chat",))
    world = World(loud(Route("everything", BUILT_IN, notify=("chat",), group_wait=0, escalate=(loud_step,))))
    await fired(world)
    await world.until(20 * MINUTE)
    assert [said.escalation for said in told(world, "chat")] == [None, step(1, 15)]
    (note,) = (note for sent in world.slack.sent for note in sent.notes)
    assert note.mention
    assert note.text == (
        "🔴 HighErrorRate · db needs somebody now, by escalation, step 1 of everything: nobody had it after 15m"
    )
    assert await kinds(world) == [("escalation", 1)]


async def test_a_page_that_a_step_makes_although_its_route_does_not_page_is_an_escalation() -> None:
    again = EscalationStep(15 * MINUTE, True, page=("pager",))
    route = Route(
        "everything", BUILT_IN, notify=("chat",), page=("pager",), page_when=ONLY_CRITICAL, escalate=(again,)
    )
    world = World(loud(route))
    await fired(world, severity="warning")
    await world.until(20 * MINUTE)
    assert {said.escalation for said in told(world, "pager")} == {step(1, 15)}
    assert await kinds(world) == [("escalation", 1)]
