"""Heartbeats, ends, reloads, restarts and gaps in any order: nothing is said too early, nothing is kept for
too long.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.decisions.sources.missing_heartbeat import CHECK_INTERVAL
from gateway.model.changes import Table
from gateway.model.durations import MINUTE, SECOND
from gateway.model.ledger import NotifiedState
from gateway.model.records import load_alert
from gateway.model.rules.kinds import Watchdog
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.model.rules.rulebook import Rulebook
from tests.support.build import match, pager, rulebook, seen, slack
from tests.support.world import World

EVERY = 5 * MINUTE
ALERTS = 3
STEP = st.one_of(
    st.tuples(st.sampled_from(["told", "end", "end", "fire"]), st.integers(0, ALERTS - 1)),
    st.tuples(st.just("beat"), st.integers(0, 1)),
    st.tuples(st.just("wait"), st.sampled_from([1, 20, 61, 200, 301])),
    st.one_of(
        st.tuples(st.just("away"), st.sampled_from([10, 1200])),
        st.tuples(st.just("hold"), st.integers(0, 1)),
        st.tuples(st.just("restart"), st.just(0)),
    ),
)
STEPS = st.lists(STEP, min_size=5, max_size=40)


def rules(*, hold: bool) -> Rulebook:
    everything = Route("everything", BUILT_IN, notify=("chat",), page=("pager",), resolve_after=0)
    dog = Watchdog("eu", BUILT_IN, match("alertname=Watchdog"), EVERY, notify=("ops",), hold_resolves=hold)
    return replace(
        rulebook(everything, destinations=(slack(), slack("ops", "C2"), pager())), watchdogs={"eu": dog}
    )


@dataclass
class Watched:
    """A world, and what may be said of it by the words of the documents alone."""

    world: World = field(default_factory=lambda: World(rules(hold=True)))
    hold: bool = True
    last: int = -1  # heartbeat
    since: int = 0  # silence counts from here
    fires: dict[int, int] = field(default_factory=dict)
    ended: dict[int, int] = field(default_factory=dict)  # and not fired again

    async def step(self, kind: str, value: int) -> None:
        world = self.world
        match kind:
            case "wait":
                await world.until(world.at + value * SECOND)
            case "away":
                world.at += value * SECOND
                self.since = world.at if value > 60 else self.since
                await world.settle()
            case "fire" | "told" if value not in self.fires:
                world.at += 1
                self.ended.pop(value, None)
                self.fires[value] = world.at
                await world.webhook(seen(f"A{value}", at=world.at))
                await world.until(world.at + (12 * SECOND if kind == "told" else 0))
            case "end" if value in self.fires:
                world.at += 1
                del self.fires[value]
                self.ended[value] = world.at
                await world.webhook(seen(f"A{value}", ends=world.at))
            case "beat":
                world.at += value  # one that comes in the millisecond of an end is not newer
                self.last = world.at
                await world.webhook(seen("Watchdog", severity="none", at=-1))
            case "hold":
                self.hold = bool(value)
                await world.reload(rules(hold=self.hold))
            case "restart":
                world.begin(rules(hold=self.hold))
                await world.settle()

    def missing(self) -> bool:
        rows = (load_alert(row.value) for row in self.world.store.rows[Table.ALERTS].values())
        return any(one.firing for one in rows if one.name == "GatewayHeartbeatMissing")

    def shown(self) -> set[int]:
        """The alerts of which somebody believes that they fire."""
        rows = (load_alert(row.value) for row in self.world.store.rows[Table.ALERTS].values())
        names = {one.id: int(one.name[1:]) for one in rows if one.name.startswith("A")}
        last_notified = [
            one.last_notified
            for one in self.world.ledgers_everywhere
            if one.last_notified.state is NotifiedState.FIRING
        ]
        episodes = [episode for one in last_notified for episode, firing in one.members.items() if firing]
        return {names[one.partition(".")[0]] for one in episodes if one.partition(".")[0] in names}

    def check(self, *, was_missing: bool, shown_before: set[int]) -> None:
        silent = self.world.at - max(self.last, self.since)
        missing, shown = self.missing(), self.shown()
        if missing and not was_missing:
            assert silent >= EVERY
        if silent >= EVERY + CHECK_INTERVAL:
            assert missing
        if self.last == self.world.at:
            assert not missing
        for alert, ended in self.ended.items():
            held = self.hold and self.last <= ended
            if held and alert in shown_before:
                assert alert in shown, "an end was told before its heartbeat"
            if not held and self.world.at > ended:
                assert alert not in shown, "an end was kept longer than it had to wait"
        for alert, since in self.fires.items():
            if self.world.at >= since + 11 * SECOND:
                assert alert in shown


async def play(steps: list[tuple[str, int]]) -> None:
    watched = Watched()
    await watched.world.replan()
    for kind, value in steps:
        was_missing, shown_before = watched.missing(), watched.shown()
        await watched.step(kind, value)
        watched.check(was_missing=was_missing, shown_before=shown_before)
    await watched.step("beat", 1)
    watched.world.at += 1
    await watched.world.settle()
    assert watched.shown() <= set(watched.fires)


@settings(max_examples=60)
@given(STEPS)
# It fires again and ends once more before anybody is told of that, with a heartbeat between its two ends.
@example([("told", 1), ("end", 1), ("told", 1), ("beat", 0), ("end", 1)])
def test_watchdogs_at_any_time(steps: list[tuple[str, int]]) -> None:
    asyncio.run(play(steps))


@pytest.mark.long(minutes=3)
@settings(max_examples=1500)
@given(STEPS)
def test_watchdogs_at_very_many_times(steps: list[tuple[str, int]]) -> None:
    asyncio.run(play(steps))
