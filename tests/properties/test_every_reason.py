"""Every reason to be quiet together, over any timeline: each member has one verdict with a reason at each
target, what nothing keeps quiet is told in time, what something keeps quiet is not, and every firing that was
told gets its end.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gateway.actions.controls import PreviewedSilence
from gateway.actions.incidents import IncidentActions
from gateway.decisions.suppression.silence_request import SilenceRequest
from gateway.model.changes import Table
from gateway.model.durations import DAY, HOUR, MINUTE, SECOND
from gateway.model.ledger import NotifiedState
from gateway.model.rules.kinds import CorrelateRule, InhibitRule, Maintenance
from gateway.model.rules.origin import Origin
from gateway.model.rules.route import ALWAYS, Condition, Hours, Mute, PageWhen, Quantifier, Route
from gateway.model.rules.rulebook import Rulebook
from gateway.model.severity import Severity
from gateway.model.time_intervals import TimeInterval
from gateway.model.verdict import MemberStatus, Reason
from tests.support.build import START, match, pager, rulebook, seen, slack, someone
from tests.support.plain_reading import PAGER, Reading
from tests.support.world import World

HERE = Origin("rules.yaml", 7)
ALERTS = {
    "down": {"alertname": "NodeDown", "node": "n1", "severity": "critical"},
    "down too": {"alertname": "NodeDown", "node": "n2", "severity": "warning"},
    "slow": {"alertname": "Slow", "node": "n1", "severity": "warning"},
    "worse": {"alertname": "Slow", "node": "n1", "severity": "critical", "pod": "p"},
    "there": {"alertname": "Slow", "node": "n2", "severity": "info"},
    "says": {"alertname": "Says", "node": "n1", "severity": "none"},
    "disk": {"alertname": "Disk", "severity": "critical"},
}
NAMED = st.sampled_from(sorted(ALERTS))
# Ms
AFTER = st.sampled_from([0, 1, 5_000, 60_000]) | st.integers(1_000, 300_000) | st.integers(300_000, 3_000_000)


def interval(*spans: tuple[str, str]) -> tuple[TimeInterval, ...]:
    return (TimeInterval.parse({"times": [{"start_time": start, "end_time": end} for start, end in spans]}),)


BUSY = (("08:20", "08:35"), ("09:00", "09:20"), ("10:00", "10:40"))
LATE = (("08:30", "08:50"), ("09:10", "09:40"), ("13:00", "24:00"))
WORK = (25 * MINUTE, 55 * MINUTE)  # after START, which is at 08:00
BOUNDS = frozenset(
    int(text[:2]) * 60 + int(text[3:]) for spans in (BUSY, LATE) for span in spans for text in span
) | {8 * 60 + at // MINUTE for at in WORK}
NODE_DOWN = InhibitRule(
    "node-down", HERE, match('alertname="NodeDown"'), match('alertname!="NodeDown"'), ("node",)
)
WORSE = InhibitRule(
    "worse", HERE, match('severity="critical"'), match('severity=~"warning|info|critical"'), ("alertname",)
)
MAINTENANCE = (
    Maintenance("upgrade", HERE, match('node="n1"'), START + WORK[0], START + WORK[1]),
    Maintenance("weekly", HERE, match('alertname="Slow"'), hours=Hours(("busy",))),
)
CRITICAL_OR_TWO = PageWhen(Quantifier.ANY, (Condition(severity=Severity.CRITICAL), Condition(alerts=2)))


@st.composite
def rulebooks(draw: st.DrawFn) -> Rulebook:
    route = Route(
        "all",
        HERE,
        notify=("chat",),
        page=("pager",),
        page_when=draw(st.sampled_from([PageWhen(), CRITICAL_OR_TWO])),
        hours=draw(st.sampled_from([ALWAYS, ALWAYS, Hours(("late",)), Hours(not_during=("busy",))])),
        mute=draw(st.sampled_from([Mute(), Mute(page=("late",)), Mute(notify=("busy",)), Mute(page=("busy",), notify=("late",), critical=True)])),
        group_wait=draw(st.sampled_from([0, 10 * SECOND, 2 * MINUTE])),
        update_interval=draw(st.sampled_from([30 * SECOND, 3 * MINUTE])),
        longest_hold=draw(st.sampled_from([MINUTE, 5 * MINUTE])),
    )  # fmt: skip
    waits = draw(st.sampled_from([0, 20 * SECOND, 10 * MINUTE]))
    return replace(
        rulebook(route, destinations=(slack(), pager())),
        correlate=draw(st.sampled_from([(), (CorrelateRule("node", HERE, by=("node",)),)])),
        inhibit=draw(
            st.sampled_from([(), (replace(NODE_DOWN, wait=waits),), (replace(WORSE, wait=waits), NODE_DOWN)])
        ),
        maintenance=draw(st.sampled_from([(), MAINTENANCE[:1], MAINTENANCE[1:], MAINTENANCE])),
        intervals={"busy": interval(*BUSY), "late": interval(*LATE)},
    )


BY_A_RULE = {Reason.MAINTENANCE, Reason.INHIBITED, Reason.INHIBIT_WAIT, Reason.MUTED, Reason.PAGE_WHEN}


class EveryReason(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.firing: dict[str, int] = {}
        self.over: dict[str, int] = {}
        self.told: set[tuple[str, tuple[object, ...]]] = set()  # by target
        self.looked_at = {"slack": 0, "pagerduty": 0}  # how much of what was sent has been looked at

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    @property
    def now(self) -> int:
        return START + self.world.at

    @initialize(rules=rulebooks())
    def begin(self, rules: Rulebook) -> None:
        self.world = World(rules)
        self.actions = IncidentActions(self.world.shards, lambda: None)
        self.reading = Reading(self.world, rules, BOUNDS, START)

    # What happens

    def pass_time(self, milliseconds: int) -> None:
        self.do(self.world.until(self.world.at + milliseconds))
        self.reading.changed_at = max(self.reading.changed_at, self.reading.unchanged_since(self.now))
        self.what_nothing_keeps_quiet_is_told_in_time()
        self.what_something_keeps_quiet_is_not_told()
        self.what_something_keeps_quiet_after_the_telling_is_said_to_be_quiet()

    @rule(after=AFTER)
    def nothing_but_time(self, after: int) -> None:
        self.pass_time(after)

    @rule(
        after=AFTER,
        name=NAMED,
        event=st.sampled_from(["fires", "fires", "ends", "fires without a newer start"]),
    )
    def webhook(self, after: int, name: str, event: str) -> None:
        self.pass_time(after)
        self.reading.changed_at = self.now
        if event == "ends" and name in self.firing:
            start = self.over[name] = self.firing.pop(name)
            self.do(self.world.webhook(seen(at=start, ends=self.world.at, **ALERTS[name])))
        elif event != "ends":
            start = self.over.get(name, self.world.at) if event != "fires" else self.world.at
            start = self.firing.setdefault(name, start)
            self.do(self.world.webhook(seen(at=start, **ALERTS[name])))

    @rule(after=AFTER, rules=rulebooks(), restarts=st.booleans())
    def reload(self, after: int, rules: Rulebook, restarts: bool) -> None:
        self.pass_time(after)
        self.reading.rules, self.reading.changed_at = rules, self.now
        if restarts:
            self.world.begin(rules)
        self.do(self.world.reload(rules))

    @rule(
        after=AFTER,
        what=st.sampled_from(["close", "silence", "pause"]),
        name=NAMED,
        minutes=st.integers(1, 60),
    )
    def somebody_acts(self, after: int, what: str, name: str, minutes: int) -> None:
        self.pass_time(after)
        self.reading.changed_at, until = self.now, self.now + minutes * MINUTE
        if what == "silence":
            self.silence(f'alertname="{ALERTS[name]["alertname"]}"', until)
        elif what == "pause":
            self.reading.paused_until = until
            self.do(self.world.desk.switch("pause", "ann", until, "exercise"))
        else:
            fires = [one for one in self.world.incidents if one.firing]
            if fires:
                self.do(
                    self.actions.close(fires[minutes % len(fires)].id, someone("ann"), "", minutes * MINUTE)
                )
        self.do(self.world.settle())

    def silence(self, matcher: str, until: int) -> None:
        previewed = self.do(
            self.world.desk.preview(SilenceRequest((matcher,), "ann", ends_at=until, reason="known"))
        )
        assert isinstance(previewed, PreviewedSilence)
        self.do(self.world.desk.silence(previewed.silence))
        self.reading.silences.append((match(matcher), self.now, until))

    # What holds at every quiet moment

    @invariant()
    def every_member_has_one_verdict_with_a_reason_at_each_target(self) -> None:
        verdicts = self.do(self.world.verdicts())
        for _, member, alert in self.reading.firing():
            mine = {
                target: one for (target, episode), one in verdicts.items() if episode == member.episode_id
            }
            assert mine, f"{alert.name} has no verdict"
            if self.reading.routed(self.now):
                assert mine.keys() >= {"chat", "pager"}
            for target, one in mine.items():
                where = f"{alert.name} {alert.labels} at {target or 'nobody'}: {one}"
                assert one.reason, where
                assert one.outcome != MemberStatus.DUE, f"it is a quiet moment: {where}"
                assert one.until is None or one.until > self.now, f"looked at again in the past: {where}"
                if one.reason in BY_A_RULE:
                    assert re.search(r"\(rules\.yaml:7", one.rule), where
                if one.outcome == MemberStatus.HELD and alert.severity is Severity.CRITICAL:
                    assert self.now < member.joined_at + self.reading.route.longest_hold, (
                        f"held for too long: {where}"
                    )

    @invariant()
    def what_nothing_keeps_quiet_is_told_in_time(self) -> None:
        for incident, member, alert in self.reading.firing():
            for target in ("chat", "pager"):
                if self.reading.overdue(target, member, alert, self.now) and self.pages(incident.id, target):
                    ledger = self.world.ledgers_of(incident.id).get(target)
                    last_notified = ledger.last_notified if ledger else None
                    assert last_notified, f"{alert.labels} was never told at {target}"
                    assert last_notified.state is NotifiedState.FIRING, (
                        f"{alert.labels}: {target} believes {last_notified.state}"
                    )
                    assert last_notified.members.get(member.episode_id), (
                        f"{alert.labels} was not told at {target}"
                    )
                    assert member.episode_id not in last_notified.silenced_after_notify, (
                        f"{alert.labels} is still said to be quiet at {target}"
                    )

    @invariant()
    def what_something_keeps_quiet_after_the_telling_is_said_to_be_quiet(self) -> None:
        patience = self.reading.route.update_interval + 5_000
        if self.now < self.reading.unchanged_since(self.now) + patience:
            return
        for incident, member, alert in self.reading.firing():
            for target, ledger in self.world.ledgers_of(incident.id).items():
                reason, last_notified = (
                    self.reading.quiet(target, member, alert, self.now),
                    ledger.last_notified,
                )
                if (
                    reason
                    and last_notified.state is NotifiedState.FIRING
                    and last_notified.members.get(member.episode_id)
                ):
                    assert member.episode_id in last_notified.silenced_after_notify, (
                        f"{target} is not told that {alert.labels} is {reason}"
                    )

    def pages(self, incident: str, target: str) -> bool:
        """Would what is free at this target be worth a page?"""
        if target != PAGER or not self.reading.route.page_when.conditions:
            return True
        free = [
            alert
            for one, member, alert in self.reading.firing()
            if one.id == incident and self.reading.overdue(target, member, alert, self.now)
        ]
        return len(free) >= 2 or any(alert.severity is Severity.CRITICAL for alert in free)

    @invariant()
    def what_something_keeps_quiet_is_not_told(self) -> None:
        unseen = [
            one for kind, seen in self.looked_at.items() for one in getattr(self.world, kind).sent[seen:]
        ]
        self.looked_at = {kind: len(getattr(self.world, kind).sent) for kind in self.looked_at}
        alerts = {
            (one.name, *sorted(one.labels.items())): (member, one) for _, member, one in self.reading.firing()
        }
        for sent in unseen:
            moved = sent.notification is not None and sent.notification.state is NotifiedState.MOVED
            assert not moved or not self.reading.routed(START + sent.at), (
                f"{sent.target} was told that it moved, and it did not"
            )
            if sent.notification is None or sent.notification.state is not NotifiedState.FIRING:
                continue
            for line in sent.notification.lines:
                key = (line.name, *sorted((line.labels | {"alertname": line.name}).items()))
                member, alert = alerts.get(key, (None, None))
                if line.silenced_after_notify:
                    assert (sent.target, key) in self.told, (
                        f"{line} is new at {sent.target}, and said to be quiet"
                    )
                elif line.ended_at is not None:
                    pass  # people are told that it has ended, though it may fire anew, in another incident
                elif sent.posted and member and alert and member.joined_at <= START + sent.at:
                    reason = self.reading.quiet(sent.target, member, alert, START + sent.at)
                    assert not reason, f"{alert.labels} was told at {sent.target} though it is {reason}"
                self.told.add((sent.target, key))

    @invariant()
    def nobody_hears_of_an_end_without_a_beginning(self) -> None:
        told: dict[tuple[str, str], NotifiedState] = {}
        for sent in sorted((*self.world.slack.sent, *self.world.pagerduty.sent), key=lambda one: one.at):
            if sent.notification is not None:
                key, state = (sent.notification.incident, sent.target), sent.notification.state
                before = told.get(key, NotifiedState.NOTHING)
                allowed = {
                    NotifiedState.ENDED: {NotifiedState.FIRING, NotifiedState.CLOSED},
                    NotifiedState.MOVED: {NotifiedState.FIRING},
                    NotifiedState.CLOSED: {NotifiedState.FIRING},
                }
                assert before in allowed.get(state, {before}), f"{key}: {state} after {before}"
                told[key] = state

    @invariant()
    def nobody_hears_of_an_end_while_it_fires_on(self) -> None:
        for incident, member, alert in self.reading.firing():
            for target, ledger in self.world.ledgers_of(incident.id).items():
                ended = (
                    ledger.last_notified.state is NotifiedState.ENDED
                    and member.episode_id in ledger.last_notified.members
                )
                assert not ended, f"{target} was told that {alert.labels} ended"

    # In the end

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                self.do(self.finish())
        finally:
            self.loop.close()

    async def finish(self) -> None:
        world = self.world
        for name, start in self.firing.items():
            world.at += 1
            await world.webhook(seen(at=start, ends=world.at, **ALERTS[name]))
        await world.until(world.at + 3 * HOUR)
        for ledger in world.ledgers_everywhere:
            assert ledger.last_notified.state in (
                NotifiedState.NOTHING,
                NotifiedState.ENDED,
                NotifiedState.MOVED,
            ), f"{ledger.key} still believes it fires"
        assert not any(world.store._topics._standing.values()), "nobody stands anywhere"
        assert not any(world.store._topics._subscribers.values()), "nobody watches"
        await world.until(world.at + 9 * DAY)
        assert not {
            table: rows
            for table, rows in world.store.rows.items()
            if rows and table not in (Table.META, Table.EVENTS)
        }


class EveryReasonAtLength(EveryReason):
    """The same machine, for longer."""


def some(examples: int, steps: int) -> settings:
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


TestEveryReason = EveryReason.TestCase
TestEveryReason.settings = some(20, 30)
TestEveryReasonAtLength = pytest.mark.long(minutes=6)(EveryReasonAtLength.TestCase)
TestEveryReasonAtLength.settings = some(400, 40)
