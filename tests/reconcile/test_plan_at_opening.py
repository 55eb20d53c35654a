"""An incident is planned in the commit that opens it; whatever stands in the way leaves it to the agenda, and a
webhook is answered as before.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

import pytest

from gateway.actions.controls import PreviewedSilence
from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.suppression.silence_request import SilenceRequest
from gateway.errors import StateUnavailable
from gateway.intake.group_commit import GroupCommit
from gateway.model.agenda import Subject
from gateway.model.cells import CREDENTIALED, RULES
from gateway.model.changes import Changes, Query, Result, Table
from gateway.model.durations import HOUR, MINUTE
from gateway.model.ledger import NotifiedState
from gateway.model.path import Lap, Step
from gateway.model.rule_generation import RuleGeneration
from gateway.model.rules.kinds import CorrelateRule, InhibitRule
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.model.rules.rulebook import Rulebook
from gateway.reconcile.plan import LARGE
from gateway.reconcile.plan_at_opening import MOST_SECONDS, AtOpening, PlannerAtOpening
from tests.flows.test_costly_silences import VALUE, costly, put
from tests.flows.test_telling import states
from tests.support.build import START, match, rulebook, seen
from tests.support.processes import alert
from tests.support.running_gateway import Running
from tests.support.world import World

AT_ONCE = rulebook(Route("everything", BUILT_IN, notify=("chat",), group_wait=0))
LATER = rulebook(Route("everything", BUILT_IN, notify=("chat",), group_wait=4 * MINUTE))
MANY = 200
BY_NAME = (CorrelateRule("name", BUILT_IN, by=("alertname",)),)
BY_SERVICE = (CorrelateRule("service", BUILT_IN, by=("service",)),)
NODE_DOWN = InhibitRule("node-down", BUILT_IN, match('alertname="NodeDown"'), match('alertname!="NodeDown"'))


async def opens(world: World, *names: str) -> None:
    """A webhook of these alerts, before the agenda is looked at."""
    await world.intake.accept([seen(name) for name in names or ("Slow",)], [])


def agenda(world: World) -> dict[str, int]:
    """When each subject is to be looked at, in ms after START."""
    return {str(subject): at - START for subject, at in world.store._agenda.times.items()}


def told(world: World) -> list[NotifiedState]:
    return states(world, "chat")


def replica_of(world: World) -> GroupCommit:
    """The intake of another replica on the same store."""
    rules = world.reconciler.context.policy.rules
    intake = GroupCommit(world.store, Correlator(rules), woken=lambda: None, taken=lambda *_: None)
    intake.plan_by(PlannerAtOpening(world.reconciler.context, worked=lambda: 0.0))
    return intake


def between_read_and_commit(world: World, act: Callable[[], Awaitable[None]]) -> None:
    """Have somebody else act once, right after what decides about the new incident was read."""
    gather, left = world.store.gather, [act]

    async def and_then(query: Query) -> Result:
        found = await gather(query)
        if CREDENTIALED in query.cells and left:
            await left.pop()()
        return found

    world.store.gather = and_then  # type: ignore[method-assign]


async def test_the_commit_that_opens_an_incident_writes_its_plan_and_puts_the_delivery_on_the_agenda() -> (
    None
):
    world = World(AT_ONCE)
    await opens(world)
    (incident,) = world.incidents
    assert incident.planned_revision == incident.revision == 1
    assert list(world.ledgers) == ["chat"]
    assert agenda(world) == {f"deliver:chat|{incident.id}": 0}
    assert world.store.counted["open:planned"] == 1
    assert not any(world.imbalances().values())
    await world.settle()
    assert told(world) == [NotifiedState.FIRING]


async def test_what_has_to_wait_is_looked_at_again_when_its_wait_is_over() -> None:
    world = World(LATER)
    await opens(world)
    assert set(agenda(world).values()) == {4 * MINUTE}
    await world.until(HOUR)
    assert told(world) == [NotifiedState.FIRING]


async def same_rows(rules: Rulebook, *webhooks: tuple[str, ...]) -> None:
    planned, left = World(rules), World(rules)
    left.leave_plans_to_agenda()
    for world in (planned, left):
        for names in webhooks:
            await world.webhook(*(seen(name, service=name[:1]) for name in names))
    for table in (Table.ALERTS, Table.INCIDENTS, Table.LEDGERS, Table.KEYS, Table.EVENTS):
        assert [row.value for row in planned.store.rows[table].values()] == [
            row.value for row in left.store.rows[table].values()
        ]
    assert counted(planned) == counted(left)
    assert agenda(planned) == agenda(left)


def counted(world: World) -> dict[str, int]:
    return {name: count for name, count in world.store.counted.items() if count}


@pytest.mark.parametrize("rules", [AT_ONCE, LATER], ids=["told at once", "told later"])
async def test_the_plan_is_the_one_that_the_agenda_would_have_made(rules: Rulebook) -> None:
    rules = replace(rules, correlate=BY_SERVICE)
    await same_rows(rules, ("a1", "a2", "b1"), ("a3", "c1"), ("c1",))


def stumble_once(world: World) -> None:
    """Have the next plan meet a fault of ours in its first step."""
    left = [ValueError("a fault of ours")]

    def lap(step: Step) -> None:
        if step is Step.ROUTE and left:
            raise left.pop()

    world.watcher.laps = lambda: lap  # type: ignore[method-assign]
    world.forgives = True


async def a_fault(world: World) -> None:
    stumble_once(world)


async def a_slow_machine(world: World) -> None:
    times = iter([0.0, 2 * MOST_SECONDS])
    world.intake.plan_by(PlannerAtOpening(world.reconciler.context, worked=lambda: next(times)))


async def newer_rules_elsewhere(world: World) -> None:
    await world.store.commit(Changes(put={RULES: RuleGeneration(1, "newer").dump()}))


async def a_store_that_does_not_answer_this(world: World) -> None:
    gather = world.store.gather

    async def away(query: Query) -> Result:
        if CREDENTIALED in query.cells and world.at == 0 and not world.watcher.opened:
            raise StateUnavailable("away")
        return await gather(query)

    world.store.gather = away  # type: ignore[method-assign]


async def an_alert_that_inhibits(world: World) -> None:
    await world.webhook(seen("NodeDown"))


async def silence(world: World, matcher: str = 'service="db"') -> None:
    request = SilenceRequest((matcher,), "ann", ends_at=START + world.at + HOUR, reason="known")
    previewed = await world.desk.preview(request)
    assert isinstance(previewed, PreviewedSilence)
    await world.desk.silence(previewed.silence)
    await world.settle()


@pytest.mark.parametrize(
    ("happens", "named", "told_now"),
    [
        pytest.param(a_fault, AtOpening.FAULT, True, id="a fault of ours in the plan"),
        pytest.param(a_slow_machine, AtOpening.NO_TIME, True, id="no time is left"),
        pytest.param(
            newer_rules_elsewhere, AtOpening.OTHER_RULES, False, id="another replica has newer rules"
        ),
        pytest.param(a_store_that_does_not_answer_this, AtOpening.STORE_AWAY, True, id="it cannot be read"),
        pytest.param(an_alert_that_inhibits, AtOpening.MAY_BE_INHIBITED, False, id="an alert inhibits it"),
    ],
)
async def test_whatever_stands_in_the_way_leaves_the_incident_to_the_agenda_and_is_counted(
    happens: Callable[[World], Awaitable[None]], named: AtOpening, told_now: bool
) -> None:
    world = World(replace(AT_ONCE, inhibit=(NODE_DOWN,)))
    await happens(world)
    world.watcher.opened.clear()
    before = len(told(world))
    await opens(world)
    newest = world.incidents[-1]
    assert world.watcher.opened == [named]
    assert newest.planned_revision == 0
    assert str(Subject.plan(newest.id)) in agenda(world)
    await world.settle()
    assert len(told(world)) == before + told_now


async def test_a_fault_in_one_plan_spoils_none_of_its_neighbours_and_all_are_told() -> None:
    world = World(replace(AT_ONCE, correlate=BY_NAME))
    stumble_once(world)
    await opens(world, "Slow", "Broken", "Down")
    assert sorted(world.watcher.opened) == [AtOpening.FAULT, AtOpening.PLANNED, AtOpening.PLANNED]
    assert sum(incident.planned_revision for incident in world.incidents) == 2
    await world.settle()
    assert len(told(world)) == 3


async def test_a_webhook_is_answered_200_whatever_its_plan_meets_and_people_are_told(app: Running) -> None:
    left = [ValueError("a fault of ours")]
    laps = app.gateway.metrics.laps

    def stumbling() -> Lap:
        usual = laps()

        def lap(step: Step) -> None:
            if step is Step.ROUTE and left:
                raise left.pop()
            usual(step)

        return lap

    app.gateway.metrics.laps = stumbling  # type: ignore[method-assign]
    for number in range(MANY):
        # A busy machine may have no time for the first ones.
        answer = await app.webhook(alert(f"pay{number}", starts="2026-11-23T10:00:00Z"))
        assert answer.status_code == 200
        if counted_in(app, "gateway_batches_total", what="opened", outcome="fault"):
            break
    assert not left
    assert counted_in(app, "gateway_subject_failures_total", kind="plan") == 1
    await app.until(lambda: len(app.pagerduty.incidents) == number + 1)


def counted_in(app: Running, series: str, **labels: str) -> float:
    return app.gateway.metrics.registry.get_sample_value(series, labels) or 0


async def test_silences_with_costly_patterns_are_matched_by_the_plan_from_the_agenda() -> None:
    world = World(AT_ONCE)
    await put(world, costly(60))
    await world.intake.accept([seen(service=VALUE)], [])
    assert world.watcher.opened == [AtOpening.COSTLY_SILENCES]
    await world.settle()
    assert "silenced" in reasons(world)


def reasons(world: World) -> set[str]:
    return {reason for ledger in world.ledgers_everywhere for reason in ledger.status_counts.reasons}


async def test_the_most_urgent_incidents_are_planned_while_there_is_time() -> None:
    world = World(replace(AT_ONCE, correlate=BY_SERVICE))
    times = iter([0.0, 0.0, 2 * MOST_SECONDS, 2 * MOST_SECONDS])
    world.intake.plan_by(PlannerAtOpening(world.reconciler.context, worked=lambda: next(times)))
    severities = ("info", "critical", "warning")
    await world.intake.accept([seen(service=word, severity=word) for word in severities], [])
    (planned,) = [incident for incident in world.incidents if incident.planned_revision]
    assert planned.members[0].alert == seen(service="critical", severity="critical").alert


async def test_of_equally_urgent_incidents_each_partition_has_one_planned_before_another_has_two() -> None:
    world = World(replace(AT_ONCE, correlate=BY_SERVICE, partition_by=("tenant",)))
    times = iter([0.0, 0.0, 0.0, 2 * MOST_SECONDS, 2 * MOST_SECONDS])
    world.intake.plan_by(PlannerAtOpening(world.reconciler.context, worked=lambda: next(times)))
    storm = [seen(service=f"s{number}", tenant="stormy") for number in range(3)]
    calm = seen(service="c", tenant="calm")
    await world.intake.accept([*storm, calm], [])
    planned = [incident.members[0].alert for incident in world.incidents if incident.planned_revision]
    assert calm.alert in planned
    assert len(planned) == 2


async def test_an_incident_with_very_many_alerts_is_left_to_the_agenda() -> None:
    world = World(AT_ONCE)
    await world.intake.accept([seen(pod=f"p{number}") for number in range(LARGE + 1)], [])
    assert world.watcher.opened == [AtOpening.LARGE]


async def test_an_alert_that_has_ended_within_the_webhook_is_left_to_the_agenda() -> None:
    world = World(AT_ONCE)
    await world.intake.accept([seen(), seen(ends=MINUTE)], [])
    assert world.watcher.opened == [AtOpening.HAS_ENDS]
    await world.settle()


async def test_an_incident_that_continues_a_full_one_is_left_to_the_agenda() -> None:
    rule = CorrelateRule("few", BUILT_IN, by=("service",), max_alerts=1)
    world = World(replace(AT_ONCE, correlate=(rule,)))
    await world.webhook(seen(pod="p1", service="db"))
    await world.intake.accept([seen(pod="p2", service="db")], [])
    assert world.watcher.opened == [AtOpening.PLANNED, AtOpening.CONTINUES]


async def test_what_inhibits_a_member_and_comes_with_it_leaves_it_to_the_agenda() -> None:
    world = World(replace(AT_ONCE, inhibit=(NODE_DOWN,), correlate=BY_NAME))
    await world.webhook(seen("Slow"), seen("NodeDown"))
    assert sorted(world.watcher.opened) == [AtOpening.MAY_BE_INHIBITED, AtOpening.PLANNED]
    assert told(world) == [NotifiedState.FIRING]


async def test_a_silence_that_is_made_between_read_and_commit_holds_for_the_new_incident() -> None:
    world = World(AT_ONCE)
    between_read_and_commit(world, partial(silence, world, 'alertname="Slow"'))
    await opens(world)
    assert world.intake.lost_races == 1
    assert world.watcher.opened == [AtOpening.PLANNED]
    await world.settle()
    assert told(world) == []
    assert "silenced" in reasons(world)
    await world.until(HOUR)
    assert told(world) == [NotifiedState.FIRING]


async def test_rules_that_are_announced_between_read_and_commit_leave_it_to_the_agenda() -> None:
    world = World(AT_ONCE)
    between_read_and_commit(world, partial(newer_rules_elsewhere, world))
    await opens(world)
    assert world.watcher.opened == [AtOpening.OTHER_RULES]
    assert world.incidents[0].planned_revision == 0


async def test_rules_that_are_put_in_force_here_while_it_is_read_leave_it_to_the_agenda() -> None:
    world = World(AT_ONCE)

    async def reload() -> None:
        world.use(LATER)

    between_read_and_commit(world, reload)
    await opens(world)
    assert world.watcher.opened == [AtOpening.OTHER_RULES]


async def test_an_alert_that_comes_to_inhibit_between_read_and_commit_is_seen() -> None:
    world = World(replace(AT_ONCE, inhibit=(NODE_DOWN,), correlate=BY_NAME))

    async def inhibits() -> None:
        await replica_of(world).accept([seen("NodeDown")], [])

    between_read_and_commit(world, inhibits)
    await opens(world, "Slow")
    assert world.watcher.opened[-1] == AtOpening.MAY_BE_INHIBITED
    await world.settle()
    assert len(told(world)) == 1


async def test_two_replicas_that_open_the_same_incident_plan_it_once() -> None:
    world = World(AT_ONCE)

    async def same() -> None:
        await replica_of(world).accept([seen("Slow")], [])

    between_read_and_commit(world, same)
    await opens(world, "Slow")
    assert len(world.incidents) == 1
    assert not any(world.imbalances().values())
    await world.settle()
    assert told(world) == [NotifiedState.FIRING]
