"""Whatever webhooks are lost: what people believe comes to be what is true at the source, as long as it can
be asked.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.decisions.intake.normalise import Normaliser
from gateway.model.alert import Observation
from gateway.model.changes import Table
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.records import load_alert
from gateway.model.rules.origin import BUILT_IN, SecretName
from gateway.model.rules.source import Source
from gateway.model.source_peers import Active, PeerReport
from tests.support.build import rulebook, seen
from tests.support.world import World

EU = Source(
    "eu",
    BUILT_IN,
    alertmanager=(SecretName("AM_A"), SecretName("AM_B")),
    receiver="gateway",
    group_interval=MINUTE,
)
LENGTH = 30 * MINUTE
SETTLED = LENGTH + 15 * MINUTE


@dataclass(frozen=True)
class Life:
    """One alert of the source (ms after START); an end beyond `SETTLED` is none.

    Which of its webhooks arrive, and how late.
    """

    name: str
    starts: int
    ends: int
    start_arrives: bool
    end_arrives: bool
    late: int

    def fires(self, at: int) -> bool:
        return self.starts <= at < self.ends

    def seen(self, *, ended: bool = False) -> Observation:
        one = seen(at=self.starts, ends=self.ends if ended else None, pod=self.name)
        return msgspec.structs.replace(one, copy=f"eu/{one.copy.partition('/')[2]}", lateness=EU.lateness)

    def webhooks(self) -> list[tuple[int, Observation]]:
        sent = [(self.starts + self.late, self.seen())] if self.start_arrives else []
        return sent + (
            [(self.ends + self.late, self.seen(ended=True))]
            if self.end_arrives and self.ends < LENGTH
            else []
        )


@dataclass
class Truth:
    """Both peers know what is so; each is away now and then."""

    world: World
    lives: list[Life]
    away: set[tuple[str, int]]

    async def ask(self, url: str, receiver: str, reader: Normaliser) -> PeerReport | str:
        if self.world.at < LENGTH and (url, self.world.at // (5 * MINUTE)) in self.away:
            return "away"
        firing = [one.seen() for one in self.lives if one.fires(self.world.at)]
        return PeerReport(HOUR, {one.copy: Active(one) for one in firing})


LIVES = st.builds(
    Life,
    st.sampled_from("abcd"),
    st.integers(1, 20).map(lambda minutes: minutes * MINUTE),
    st.one_of(st.integers(21, 29).map(lambda minutes: minutes * MINUTE), st.just(24 * HOUR)),
    st.booleans(),
    st.booleans(),
    st.integers(0, 50).map(lambda seconds: seconds * SECOND),
)
AWAY = st.sets(st.tuples(st.sampled_from(["http://a", "http://b"]), st.integers(0, 5)))


async def play(lives: list[Life], away: set[tuple[str, int]]) -> World:
    world = World(replace(rulebook(), listed_sources={"eu": EU}))
    world.secrets.values |= {"AM_A": "http://a", "AM_B": "http://b"}
    world.reconciler.context.peers = Truth(world, lives, away)
    await world.replan()
    for at, webhook in sorted((one for life in lives for one in life.webhooks()), key=lambda one: one[0]):
        await world.until(at)
        await world.webhook(webhook)
    await world.until(SETTLED)
    return world


def converged(world: World, lives: list[Life]) -> None:
    alerts = [load_alert(row.value) for row in world.store.rows[Table.ALERTS].values()]
    firing = {alert.labels["pod"]: alert.id for alert in alerts if alert.firing}
    assert firing.keys() == {one.name for one in lives if one.fires(SETTLED)}
    last_notified = {
        episode.partition(".")[0]
        for ledger in world.ledgers_everywhere
        for episode, fires in ledger.last_notified.members.items()
        if ledger.target == "chat" and fires
    }
    assert last_notified == set(firing.values())


@given(st.lists(LIVES, max_size=4, unique_by=lambda one: one.name), AWAY)
@settings(max_examples=50)
def test_lost_webhooks_are_made_good(lives: list[Life], away: set[tuple[str, int]]) -> None:
    converged(asyncio.run(play(lives, away)), lives)


@pytest.mark.long(minutes=1)
@given(st.lists(LIVES, max_size=4, unique_by=lambda one: one.name), AWAY)
@settings(max_examples=1_000)
def test_lost_webhooks_are_made_good_at_length(lives: list[Life], away: set[tuple[str, int]]) -> None:
    converged(asyncio.run(play(lives, away)), lives)
