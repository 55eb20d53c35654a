"""Joins that wait to be planned, beside the same history with every join planned at once: over any rules and
history nobody hears of a first firing, a page, a rise or an end later.

Vendors fail for a while, for less than it takes a fallback to stand in: that one stands in from the first try in
vain on, which may be that of an update.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.actions.controls import PreviewedSilence
from gateway.actions.incidents import IncidentActions
from gateway.decisions.calendar import Calendar
from gateway.decisions.intake.correlate import Correlator
from gateway.decisions.intake.patience import AT_ONCE, SMALL, Patience
from gateway.decisions.route import Router
from gateway.decisions.sources.watchdogs import Watchdogs
from gateway.decisions.suppression.silence_request import SilenceRequest
from gateway.model.alert import Alert
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.incident import Incident
from gateway.model.ledger import NotifiedState
from gateway.model.notification import Look, Refused, Unanswered
from gateway.model.rule_generation import RuleGeneration
from gateway.model.rules.kinds import CorrelateRule, InhibitRule
from gateway.model.rules.origin import Origin
from gateway.model.rules.route import Condition, Mute, PageWhen, Quantifier, Route
from gateway.model.rules.rulebook import Rulebook
from gateway.model.severity import Severity
from gateway.model.time_intervals import TimeInterval
from tests.support.build import START, match, pager, rulebook, seen, slack, someone, webhook
from tests.support.world import Destinations, Sent, World

HERE = Origin("rules.yaml", 7)
CROWD = SMALL + 2  # members that are there before anything else happens
ALERTS = [
    {"alertname": "Slow", "severity": severity, "team": team, "pod": f"{severity}-{team}-{number}"}
    for severity, count in (("info", 3), ("warning", 3), ("error", 1), ("critical", 1), ("none", 1))
    for team in ("a", "b")
    for number in range(count)
]
OUTAGES = ["refuses", "is silent", "acts and is silent"]
OUTAGE_MS = (400, 3 * SECOND, 20 * SECOND, 90 * SECOND)
AFTER = st.sampled_from([0, 1, 7, 20, 150, 900, 1_100, 9_990, 29_900, 31_000, 70_000])


@dataclass(frozen=True)
class Step:
    after: int
    what: str
    which: int


class PlannedAtOnce(Patience):
    """Has no patience."""

    def wait(
        self, alert: Alert, incident: Incident, members: int, newest: RuleGeneration, now: int, wall: int
    ) -> int:
        return AT_ONCE


class PlannedLate(Patience):
    """Waits for a whole second at least wherever there is a wait: what is proven does not depend on its length."""

    def wait(
        self, alert: Alert, incident: Incident, members: int, newest: RuleGeneration, now: int, wall: int
    ) -> int:
        wait = super().wait(alert, incident, members, newest, now, wall)
        return max(SECOND, wait) if wait else AT_ONCE


def correlator_of(rules: Rulebook, kind: type[Patience]) -> Correlator:
    correlator, calendar = Correlator(rules), Calendar(rules.intervals)
    correlator.patience = kind(
        Router(rules, calendar), Watchdogs(rules, calendar), correlator.inhibitor, rules.revision
    )
    return correlator


conditions = st.lists(
    st.sampled_from(
        [
            Condition(severity=Severity.CRITICAL),
            Condition(severity=Severity.ERROR),
            Condition(severity=Severity.WARNING),
            Condition(alerts=CROWD + 1),
            Condition(alerts=CROWD + 3),
            Condition(alerts=CROWD + 5),
            Condition(match=match('pod="warning-b-1"')),
        ]
    ),
    max_size=2,
    unique_by=str,
)


@st.composite
def routes(draw: st.DrawFn, name: str, team: str) -> Route:
    notify = draw(st.sampled_from([("chat",), ("chat",), ("chat", "hook"), ("hook",), ()]))
    page = draw(st.sampled_from([("pager",), ("pager",), ("pager", "chat"), ("hook",), ()]))
    return Route(
        name,
        HERE,
        match=match(f'team=~"{team}"'),
        notify=notify,
        page=page,
        page_when=PageWhen(draw(st.sampled_from(Quantifier)), tuple(draw(conditions))),
        group_wait=draw(st.sampled_from([0, 10 * SECOND])),
        update_interval=draw(st.sampled_from([0, 300, SECOND, SECOND, 5 * SECOND, 30 * SECOND])),
        resolve_after=draw(st.sampled_from([None, 0, 40 * SECOND])),
        mute=draw(st.sampled_from([Mute(), Mute(), Mute(page=("early",))])),
        go_on=draw(st.booleans()),
    )


@st.composite
def rulebooks(draw: st.DrawFn) -> Rulebook:
    first, second = draw(routes("first", "a")), draw(routes("second", "a|b"))
    fallback = draw(st.sampled_from([(), ("hook",)]))
    inhibit = InhibitRule(
        "worse",
        HERE,
        match('severity="error"'),
        match('severity=~"info|warning"'),
        ("team",),
        wait=draw(st.sampled_from([0, 400, 5 * SECOND])),
    )
    return replace(
        rulebook(
            first,
            second,
            destinations=(slack(fallback=fallback), webhook(), pager(fallback=fallback)),
            correlate=(CorrelateRule("all", HERE, by=("alertname",), max_alerts=draw(st.sampled_from([15, 500]))),),
        ),
        inhibit=draw(st.sampled_from([(), (), (inhibit,)])),
        intervals={
            "early": (TimeInterval.parse({"times": [{"start_time": "08:00", "end_time": "08:02"}]}),)
        },
    )  # fmt: skip


STEPS = st.lists(
    st.builds(
        Step,
        AFTER,
        st.sampled_from(
            ["fires"] * 20
            + [
                "ends",
                "ends",
                "acknowledge",
                "silence",
                "pause",
                "close",
                "reload",
                "crowd ends",
                *OUTAGES * 2,
            ]
        ),
        st.integers(0, len(ALERTS) - 1),
    ),
    min_size=4,
    max_size=16,
)


class History:
    """A world to which the steps happen."""

    def __init__(self, world: World, rules: Sequence[Rulebook], patience: type[Patience]) -> None:
        self.world = world
        self.rules = list(rules)
        self.patience = patience
        self.firing: dict[int, int] = {}
        self.waits = 0
        self.outages: dict[
            str, tuple[str, int, int]
        ] = {}  # by kind of vendor: how it fails, from when to when
        for vendor in (world.slack, world.pagerduty, world.hook):
            vendor.fails = partial(self._failure, vendor)
            vendor.cannot_look = partial(self._unseen, vendor)
        self.actions = IncidentActions(world.shards, lambda: None)
        self._use(self.rules[0])

    def labels(self, which: int) -> dict[str, str]:
        return {name: value for name, value in ALERTS[which].items() if name != "alertname"}

    def _use(self, rules: Rulebook) -> None:
        self.world.use(rules)
        self.world.intake.correlator = correlator_of(rules, self.patience)

    async def play(self, steps: Sequence[Step]) -> None:
        crowd = [
            seen("Slow", severity="warning", team="a" if number % 2 else "b", pod=f"c{number}")
            for number in range(CROWD)
        ]
        await self.world.webhook(*crowd)
        await self.until(11 * SECOND)
        for step in steps:
            await self.until(self.world.at + step.after)
            await self._happens(step)
            await self.world.settle()
            self.waits += any(incident.joining for incident in self.world.incidents)
        await self.until(self.world.at + 5 * MINUTE)

    async def _happens(self, step: Step) -> None:
        world, which = self.world, step.which
        if step.what in OUTAGES:
            # What joins now is told before the outage where it is planned at once, and into it where it waits.
            begins = world.at + (which % 3) * 50
            vendor = (world.slack, world.pagerduty, world.hook)[which % 5 % 3]
            self.outages[vendor.kind] = (step.what, begins, begins + OUTAGE_MS[which % 4])
            vendor.acts_though_unanswered = step.what.startswith("acts")
        if step.what in ("fires", *OUTAGES) and which not in self.firing:
            self.firing[which] = world.at
            await world.webhook(seen("Slow", at=world.at, **self.labels(which)))
        elif step.what == "ends" and self.firing:
            which = sorted(self.firing)[which % len(self.firing)]
            start = self.firing.pop(which)
            await world.webhook(seen("Slow", at=start, ends=world.at, **self.labels(which)))
        elif step.what == "crowd ends":
            ends = (
                seen(
                    "Slow",
                    severity="warning",
                    team="a" if number % 2 else "b",
                    pod=f"c{number}",
                    ends=world.at,
                )
                for number in range(CROWD)
            )
            await world.webhook(*ends)
        elif step.what in ("acknowledge", "close"):
            await self._acts(step)
        elif step.what == "silence":
            await self._silence(which)
        elif step.what == "pause":
            await world.desk.switch("pause", "ann", START + world.at + MINUTE, "exercise")
        elif step.what == "reload":
            self.rules.append(self.rules.pop(0))
            self._use(self.rules[0])
            await world.replan()

    def _failure(self, vendor: Destinations) -> Refused | Unanswered | None:
        how, begins, ends = self.outages.get(vendor.kind, ("", 0, 0))
        if not begins <= self.world.at < ends:
            return None
        return Refused("unavailable") if how == "refuses" else Unanswered("timeout")

    def _unseen(self, vendor: Destinations) -> Look | None:
        return Unanswered("timeout") if self._failure(vendor) else None

    async def _acts(self, step: Step) -> None:
        for incident in sorted(self.world.incidents, key=lambda one: one.id):
            if incident.firing and step.what == "close":
                await self.actions.close(incident.id, someone("ann"), "", HOUR)
            elif incident.firing:
                await self.actions.acknowledge(incident.id, someone("ann"))

    async def _silence(self, which: int) -> None:
        matcher, until = f'pod="{self.labels(which)["pod"]}"', START + self.world.at + MINUTE
        previewed = await self.world.desk.preview(
            SilenceRequest((matcher,), "ann", ends_at=until, reason="known")
        )
        assert isinstance(previewed, PreviewedSilence)
        await self.world.desk.silence(previewed.silence)

    async def until(self, at: int) -> None:
        """Let time pass to the very millisecond at which anything is due."""
        world = self.world
        while True:
            await world.settle()
            due = (await world.store.claim(0, 1, world.reconciler.lanes())).next_due
            if due is None or due > START + at:
                break
            world.at = max(world.at + 1, due - START)
        world.at = max(world.at, at)
        await world.settle()


def milestones(world: World) -> Iterator[tuple[tuple[object, ...], int]]:
    """Yield when each target was first told of each incident, paged, told of each severity, and told the end, once
    for every time that the incident fires anew there.
    """
    told: dict[tuple[str, str], NotifiedState] = {}
    times: Counter[tuple[str, str]] = Counter()
    everything = (*world.slack.sent, *world.pagerduty.sent, *world.hook.sent)
    for sent in sorted(everything, key=lambda one: one.at):
        notification = sent.notification
        if notification is None:
            continue
        key = (sent.target, notification.incident)
        goes_on = told.get(key) is NotifiedState.FIRING
        times[key] += notification.state is NotifiedState.FIRING and not goes_on
        told[key] = notification.state
        for what in _said(sent):
            yield (*key, times[key], what), sent.at


def _said(sent: Sent) -> Iterator[str]:
    assert sent.notification is not None
    if sent.notification.state is not NotifiedState.FIRING:
        yield sent.notification.state.value
        return
    yield "told"
    if sent.notification.page:
        yield "paged"
    for severity in Severity:
        if severity <= sent.notification.severity:
            yield severity.word


def first_times(world: World) -> dict[tuple[object, ...], int]:
    found: dict[tuple[object, ...], int] = {}
    for key, at in milestones(world):
        found.setdefault(key, at)
    return found


async def played(rules: Sequence[Rulebook], steps: Sequence[Step], patience: type[Patience]) -> History:
    history = History(World(rules[0]), rules, patience)
    await history.play(steps)
    return history


SHOWN = rulebook(Route("all", HERE, notify=("chat",), update_interval=SECOND), destinations=(slack(),))
UPDATE_INTO_AN_OUTAGE = [Step(31_000, "refuses", 10), Step(20 * SECOND + 500, "fires", 12)]


RULE_SETS = st.lists(rulebooks(), min_size=1, max_size=2)


@example(rules=[SHOWN], steps=UPDATE_INTO_AN_OUTAGE)
@settings(max_examples=15)
@given(rules=RULE_SETS, steps=STEPS)
def test_no_first_firing_page_rise_or_end_is_told_later_than_with_plans_at_once(
    rules: list[Rulebook], steps: list[Step]
) -> None:
    nothing_is_told_later(rules, steps)


@pytest.mark.long(minutes=2)
@settings(max_examples=300)
@given(rules=RULE_SETS, steps=STEPS)
def test_no_first_firing_page_rise_or_end_is_told_later_at_length(
    rules: list[Rulebook], steps: list[Step]
) -> None:
    nothing_is_told_later(rules, steps)


def nothing_is_told_later(rules: list[Rulebook], steps: list[Step]) -> None:
    at_once = first_times(asyncio.run(played(rules, steps, PlannedAtOnce)).world)
    patient = first_times(asyncio.run(played(rules, steps, PlannedLate)).world)
    later = {key: (at, patient.get(key)) for key, at in at_once.items() if patient.get(key, at + 1) > at}
    assert not later
