"""What must hold for every order and every repetition of webhooks."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.alert import Observation
from gateway.model.changes import Table
from gateway.model.durations import MINUTE, SECOND
from gateway.model.ledger import NotifiedState
from gateway.model.records import load_alert
from tests.support.build import seen
from tests.support.world import World

STEP = 20 * SECOND


@st.composite
def lives(draw: st.DrawFn) -> list[Observation]:
    """Up to three alerts, each with up to three lives, in the order of events."""
    events: list[tuple[int, Observation]] = []
    for name in draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True)):
        for life in range(draw(st.integers(1, 3))):
            start = life * 10 * MINUTE + draw(st.integers(0, 100)) * SECOND
            events.append((start, seen(at=start, pod=name)))
            end = start + draw(st.integers(30, 400)) * SECOND
            if life < 2 or draw(st.booleans()):
                events.append((end, seen(at=start, ends=end, pod=name)))
    return [observation for _, observation in sorted(events, key=lambda one: one[0])]


def final(events: Sequence[Observation]) -> list[Observation]:
    """What Alertmanager would repeat: the newest state of each alert."""
    newest = {
        one.copy: one
        for one in sorted(events, key=lambda one: (max(one.starts_at, one.ends_at or 0), not one.firing))
    }
    return list(newest.values())


async def play(events: Sequence[Observation], *, repeat_last: bool) -> World:
    world = World()
    for event in events:
        await world.webhook(event)
        await world.until(world.at + STEP)
    if repeat_last:
        await world.webhook(*final(events))
    await world.until(world.at + 20 * MINUTE)
    return world


def firing(world: World) -> set[str]:
    alerts = [load_alert(row.value) for row in world.store.rows[Table.ALERTS].values()]
    return {alert.labels["pod"] for alert in alerts if alert.firing}


def converged(world: World, events: Sequence[Observation]) -> None:
    wanted = {one.labels["pod"] for one in final(events) if one.firing}
    assert firing(world) == wanted
    for ledger in world.ledgers_everywhere:
        told_firing = {
            episode.partition(".")[0] for episode, fires in ledger.last_notified.members.items() if fires
        }
        alerts = {
            load_alert(row.value).id
            for row in world.store.rows[Table.ALERTS].values()
            if load_alert(row.value).firing
        }
        assert told_firing <= alerts, "somebody holds a firing that ended"
    told = {
        episode.partition(".")[0]
        for ledger in world.ledgers_everywhere
        if ledger.target == "chat" and ledger.last_notified.state is NotifiedState.FIRING
        for episode, fires in ledger.last_notified.members.items()
        if fires
    }
    assert told == {
        load_alert(row.value).id
        for row in world.store.rows[Table.ALERTS].values()
        if load_alert(row.value).firing
    }


@given(lives(), st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_any_order_of_webhooks_ends_with_the_same_alerts_firing_and_everybody_told(
    events: list[Observation], chance: object
) -> None:
    shuffled = list(events)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    converged(asyncio.run(play(shuffled, repeat_last=True)), events)


@given(lives(), st.data())
@settings(max_examples=25)
def test_a_second_peer_that_sends_the_same_a_little_later_changes_nothing(
    events: list[Observation], data: st.DataObject
) -> None:
    doubled: list[Observation] = []
    for event in events:
        doubled += [event] * data.draw(st.integers(1, 3))
    once, twice = asyncio.run(play(events, repeat_last=False)), asyncio.run(play_together(events, doubled))
    assert firing(once) == firing(twice)
    for place in ("slack", "pagerduty"):
        counts = [
            Counter(
                one.notification.state
                for one in getattr(world, place).sent
                if one.notification and one.posted
            )
            for world in (once, twice)
        ]
        assert counts[0] == counts[1]


async def play_together(events: Sequence[Observation], doubled: Sequence[Observation]) -> World:
    """The same steps of time; what is doubled arrives in the same step."""
    world, waiting = World(), list(doubled)
    for event in events:
        while waiting and waiting[0] is event:
            await world.webhook(waiting.pop(0))
        await world.until(world.at + STEP)
    await world.until(world.at + 20 * MINUTE)
    return world


@pytest.mark.long(minutes=2)
@given(lives(), st.randoms(use_true_random=False))
@settings(max_examples=1_500)
def test_any_order_of_webhooks_at_length(events: list[Observation], chance: object) -> None:
    shuffled = list(events)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    converged(asyncio.run(play(shuffled, repeat_last=True)), events)
