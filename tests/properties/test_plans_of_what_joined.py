"""The plan of the members that joined beside that of the whole incident, at the same moment, over any rules and
history: both write the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from gateway.decisions.accounting.verdict_log import STATUS_NAMES
from gateway.model.agenda import Subject, SubjectKind
from gateway.model.cells import RULES
from gateway.model.changes import Cell, Changes, Claim, LogEntry, Table
from gateway.model.durations import MINUTE, SECOND
from gateway.model.records import load_incident, load_ledger
from gateway.model.rule_generation import RuleGeneration
from gateway.model.rules.kinds import CorrelateRule, InhibitRule
from gateway.model.rules.route import (
    ALWAYS,
    Condition,
    EscalationStep,
    Hours,
    Mute,
    PageWhen,
    Quantifier,
    Route,
)
from gateway.model.rules.rulebook import Rulebook
from gateway.model.severity import Severity
from gateway.model.time_intervals import TimeInterval
from gateway.reconcile import plan_claimed, plan_together
from gateway.reconcile.context import Context
from gateway.reconcile.plan_claimed import PlannedClaim
from gateway.reconcile.traced import PlanSpans
from gateway.storage.memory import MemoryStore
from tests.properties.test_patient_joins import CROWD, HERE, OUTAGES, History, PlannedLate, Step
from tests.support.build import START, mail, match, pager, rulebook, seen, slack, someone, webhook
from tests.support.world import World

plan_alone = plan_claimed.read_and_plan


class Compared:
    """Counts the plans that looked at what joined alone, and plans each of them whole, too."""

    def __init__(self) -> None:
        self.count = 0

    async def read_and_plan(
        self, context: Context, claims: Sequence[Claim], spans: PlanSpans
    ) -> dict[Claim, PlannedClaim]:
        decided = await plan_alone(context, claims, spans)
        for claim, (versioned, changes) in decided.items():
            if versioned is not None and versioned.snapshot.joined is not None:
                self.count += 1
                whole = await plan_claimed._read_and_plan(context, [claim], spans)
                assert isinstance(context.store, MemoryStore)
                same(changes, whole[claim].changes, context.store)
        return decided


def same(joined: Changes, whole: Changes, store: MemoryStore) -> None:
    assert written(joined) == written(whole)
    assert joined.count == whole.count
    assert sorted(map(statuses, joined.log)) == sorted(map(statuses, whole.log))
    assert joined.events == whole.events
    assert joined.expect == whole.expect
    assert joined.topics == whole.topics
    assert looks_at(joined) <= looks_at(whole)
    for subject, turn in whole.agenda.items():
        # What is not put there stands there already.
        assert joined.agenda.get(subject, (stands(store, subject), 0)) <= turn, subject
    # A look at a target that needs none, or not yet, does no harm.
    looks = {subject.kind for subject, turn in joined.agenda.items() if whole.agenda.get(subject) != turn}
    assert looks <= {SubjectKind.DELIVER}


def looks_at(changes: Changes) -> float:
    """Return when the plan looks again. One look too many does no harm, as for an update that was sent meanwhile."""
    (release,) = changes.releases
    return float("inf") if release.again is None else release.again


def stands(store: MemoryStore, subject: Subject) -> float:
    return store._agenda.times.get(subject, float("inf"))


def written(changes: Changes) -> dict[Cell, Any]:
    """Return the records that are written, whenever members are, and were, counted anew."""
    found: dict[Cell, Any] = {}
    for cell, value in changes.put.items():
        if cell.table is Table.INCIDENTS:
            incident = load_incident(value)
            counted = incident.counted and msgspec.structs.replace(incident.counted, at=0, look_at=0)
            found[cell] = msgspec.structs.replace(incident, counted=counted)
        else:
            assert cell.table is Table.LEDGERS
            found[cell] = load_ledger(value)
    return found


def statuses(entry: LogEntry) -> tuple[object, ...]:
    """Return the entry without the rules: those of members that are counted already are not known."""
    kept = {name: value for name, value in entry.detail.items() if name in (*STATUS_NAMES, "target")}
    return entry.subject, entry.what, sorted(kept.items())


@contextmanager
def compared() -> Iterator[Compared]:
    found = Compared()
    plan_claimed.read_and_plan = found.read_and_plan
    plan_together.read_and_plan = found.read_and_plan
    try:
        yield found
    finally:
        plan_claimed.read_and_plan = plan_together.read_and_plan = plan_alone


SEVERITIES = (
    "warning",
    "warning",
    "info",
    "warning",
    "warning",
    "info",
    "warning",
    "warning",
    "error",
    "info",
    "critical",
)
AFTER = st.sampled_from(
    [0, 1, 40, 300, 1_000, 1_001, 2_500, 2_500, 6_000, 29_000, 31_000, 70_000, 11 * MINUTE]
)


class Busy(World):
    """While it is `busy`, webhooks are taken and nothing is planned."""

    busy = False

    async def settle(self) -> None:
        if not self.busy:
            await super().settle()


class Growing(History):
    """An incident that many alerts join, to which other things happen in between; what is due may be done late."""

    world: Busy
    generation = 0

    async def play(self, steps: Sequence[Step]) -> None:
        await self._announced(self.rules[0])
        await super().play(steps)

    async def _announced(self, rules: Rulebook) -> None:
        """Have these rules in force as another generation, as a reload does."""
        self.generation += 1
        row = RuleGeneration(self.generation, rules.revision, START + self.world.at).dump()
        await self.world.store.commit(Changes(put={RULES: row}))
        self._use(rules)
        self.world.reconciler.use(self.world.reconciler.context.policy, self.generation)

    async def until(self, at: int) -> None:
        if self.world.busy:
            self.world.at = max(self.world.at, at)
        else:
            await super().until(at)

    def labels(self, which: int) -> dict[str, str]:
        team = "ab"[which % 5 % 2]
        return {"severity": SEVERITIES[which % len(SEVERITIES)], "team": team, "pod": f"p{which}"}

    async def _happens(self, step: Step) -> None:
        world = self.world
        if step.what == "busy":
            world.busy = not world.busy
        elif step.what == "reload":
            self.rules.append(self.rules.pop(0))
            await self._announced(self.rules[0])
            await world.replan()
        elif step.what == "says otherwise" and self.firing:
            which = sorted(self.firing)[step.which % len(self.firing)]
            says = {"value": str(world.at)}
            await world.webhook(seen("Slow", at=self.firing[which], annotations=says, **self.labels(which)))
        elif step.what in ("snooze", "unacknowledge"):
            for incident in sorted(world.incidents, key=lambda one: one.id):
                if incident.firing and step.what == "snooze":
                    await self.actions.snooze(incident.id, someone("ann"), MINUTE)
                elif incident.firing:
                    await self.actions.unacknowledge(incident.id, someone("ann"))
        else:
            await super()._happens(step)


@st.composite
def growing_routes(draw: st.DrawFn, name: str, team: str, intervals: Sequence[int]) -> Route:
    after = draw(st.sampled_from([40 * SECOND, 3 * MINUTE]))
    step = EscalationStep(after, unless_acknowledged=True, page=("pager",))
    return Route(
        name,
        HERE,
        match=match(f'team=~"{team}"'),
        notify=draw(st.sampled_from([*[("chat",)] * 6, ("chat", "hook"), ("chat", "ops"), ()])),
        page=draw(st.sampled_from([("pager",), ("pager",), ()])),
        page_when=PageWhen(draw(st.sampled_from(Quantifier)), tuple(draw(PAGE_WHEN))),
        group_wait=0,
        update_interval=draw(st.sampled_from(intervals)),
        remind=draw(st.sampled_from([*[None] * 4, 50 * SECOND])),
        mute=draw(st.sampled_from([*[Mute()] * 8, Mute(notify=("early",)), Mute(page=("early",))])),
        hours=draw(st.sampled_from([*[ALWAYS] * 8, Hours(not_during=("early",))])),
        escalate=draw(st.sampled_from([*[()] * 8, (step,)])),
        go_on=draw(st.booleans()),
    )


PAGE_WHEN = st.sampled_from(
    [
        (),
        (Condition(severity=Severity.CRITICAL),),
        (Condition(severity=Severity.CRITICAL),),
        (Condition(severity=Severity.ERROR),),
        (Condition(alerts=CROWD + 4),),
    ]
)
INHIBIT = InhibitRule(
    "worse", HERE, match('severity="error"'), match('severity=~"info|warning"'), ("team",), wait=0
)
EARLY = {"early": (TimeInterval.parse({"times": [{"start_time": "08:00", "end_time": "08:02"}]}),)}


@st.composite
def growing_rules(draw: st.DrawFn) -> Rulebook:
    fallback = draw(st.sampled_from([(), (), ("hook",)]))
    intervals = draw(
        st.sampled_from([[30 * SECOND]] * 3 + [[2 * MINUTE], [5 * SECOND, 30 * SECOND, 2 * MINUTE]])
    )
    most = draw(st.sampled_from([CROWD + 8, 500, 500]))
    return replace(
        rulebook(
            draw(growing_routes("first", "a", intervals)),
            draw(growing_routes("second", "a|b", intervals)),
            destinations=(slack(fallback=fallback), webhook(), mail(), pager(fallback=fallback)),
            correlate=(CorrelateRule("all", HERE, by=("alertname",), max_alerts=most),),
        ),
        inhibit=draw(st.sampled_from([(), (), (), (INHIBIT,)])),
        intervals=EARLY,
    )


HAPPENS = [
    *["fires"] * 60,
    *["busy"] * 6,
    *["ends", "says otherwise"] * 2,
    *["acknowledge", "unacknowledge", "silence", "snooze", "pause", "close", "reload", "crowd ends"],
    *OUTAGES,
]
STEPS = st.lists(
    st.builds(Step, AFTER, st.sampled_from(HAPPENS), st.integers(0, 39)), min_size=6, max_size=24
)


async def grown(rules: Sequence[Rulebook], steps: Sequence[Step]) -> None:
    world = Busy(rules[0])
    history = Growing(world, rules, PlannedLate)
    await history.play(steps)
    world.busy = False
    await history.until(world.at + 5 * MINUTE)


PLAIN = rulebook(
    Route(
        "all",
        HERE,
        notify=("chat",),
        page=("pager",),
        page_when=PageWhen(Quantifier.ANY, (Condition(severity=Severity.CRITICAL),)),
        group_wait=0,
    ),
    destinations=(slack(), pager()),
    correlate=(CorrelateRule("all", HERE, by=("alertname",)),),
)
JOINS = [Step(2_500, "fires", which) for which in (0, 1, 2, 3, 5, 6)]


@settings(max_examples=30)
@given(rules=st.lists(growing_rules(), min_size=1, max_size=2), steps=STEPS)
def test_the_plan_of_what_joined_writes_what_the_plan_of_all_members_writes(
    rules: list[Rulebook], steps: list[Step]
) -> None:
    both_write_the_same(rules, steps)


@pytest.mark.long(minutes=2)
@settings(max_examples=300)
@given(rules=st.lists(growing_rules(), min_size=1, max_size=2), steps=STEPS)
def test_the_plan_of_what_joined_writes_what_the_plan_of_all_members_writes_at_length(
    rules: list[Rulebook], steps: list[Step]
) -> None:
    both_write_the_same(rules, steps)


def both_write_the_same(rules: list[Rulebook], steps: list[Step]) -> None:
    with compared() as found:
        asyncio.run(grown(rules, steps))
    event(f"plans of what joined: {min(found.count, 5)}")


def test_what_joins_an_incident_that_people_know_of_is_planned_alone() -> None:
    with compared() as found:
        asyncio.run(grown([PLAIN], JOINS))
    assert found.count == len(JOINS)
