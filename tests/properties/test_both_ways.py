"""Whatever people do in Slack, in PagerDuty and by the API, in any order and with webhooks that come late, twice or
never, everybody ends with the same state, nothing echoes, and nobody is called without a reason.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.durations import MINUTE
from gateway.model.ledger import NotifiedState
from tests.support.both_ways import BothWays
from tests.support.build import seen

PRESSES = [
    ("slack", "acknowledge"), ("slack", "unacknowledge"), ("slack", "snooze 4h"), ("slack", "unsnooze"), ("slack", "silence 4h"),
    ("slack", "end_silence"), ("slack", "resolve"), ("slack", "noise expected"), ("slack", "actionable"),
]  # fmt: skip
CALLED_THERE = ("unacknowledged", "reopened")  # PagerDuty itself calls people then
THERE = [("pagerduty", kind) for kind in ("acknowledged", "resolved", *CALLED_THERE)]
BY_API = [
    ("api", act)
    for act in ("acknowledge", "unacknowledge", "snooze", "unsnooze", "close", "silence", "end_silence")
]
ACTS = st.sampled_from([*PRESSES, *THERE, *BY_API])
PEOPLE = {"slack": ["U0ALICE", "U0BOB"], "pagerduty": ["bob", "eve"], "api": ["ann", "bob"]}
FATES = st.sampled_from(["at once", "at once", "late", "twice", "lost"])


@dataclass(frozen=True)
class Step:
    where: str
    act: str
    who: int
    times: int
    fate: str
    wait: int


STEPS = st.builds(
    lambda act, **more: Step(*act, **more),
    ACTS,
    who=st.integers(0, 1),
    times=st.sampled_from([1, 1, 2]),
    fate=FATES,
    # PagerDuty is read once a minute. What was done and undone between two looks, and never brought, is not known.
    wait=st.integers(MINUTE, 4 * MINUTE),
)


@dataclass
class Story:
    """Plays the steps, and counts for how many calls there was a reason."""

    ways: BothWays = field(default_factory=BothWays)
    reasons: int = 1
    late: list[bytes] = field(default_factory=list)

    async def step(self, step: Step) -> None:
        quiet, calls = await self.ways.quiet(), self.ways.pager.calls
        # Somebody resolved it there, and nobody here can know: under its key a trigger calls people.
        unknown = not self.ways.pager.open and self.ways.incident.closed is None
        who = PEOPLE[step.where][step.who]
        if step.where == "slack":
            button, _, choice = step.act.partition(" ")
            await self.ways.press(button, choice, who, times=step.times)
        elif step.where == "api":
            await self.ways.api(step.act, who)
        else:
            await self.ways.there(step.act, who)
            self.reasons += self.ways.pager.calls - calls
        if unknown:
            self.reasons += self.ways.pager.calls - calls
        # Who keeps it from nobody any more has everybody called again, once.
        elif step.where != "pagerduty":
            self.reasons += quiet and not await self.ways.quiet()
        await self.carry(step.fate)
        await self.ways.world.until(self.ways.world.at + step.wait)
        await self.carry(step.fate)
        await self.ways.reader.look()
        await self.ways.world.settle()

    async def carry(self, fate: str) -> None:
        """Let the webhooks that wait come as this fate has it."""
        waiting = self.ways.pager.people.waiting
        bodies, waiting[:] = [*waiting], []
        for body in bodies:
            if fate in ("at once", "twice"):
                for _ in range(1 + (fate == "twice")):
                    await self.ways.hear(body)
            if fate in ("late", "twice"):
                self.late.append(body)

    async def calm(self, chance: Random) -> None:
        """Bring what is late in any order, read in PagerDuty what never came, and let everybody be told."""
        late, self.late = self.late, []
        chance.shuffle(late)
        for body in late:
            await self.ways.hear(body)
        for _ in range(4):
            await self.ways.world.until(self.ways.world.at + 2 * MINUTE)
            await self.ways.reader.look()
            await self.carry("at once")
            await self.ways.world.settle()

    async def agreed(self) -> None:
        incident, pages = self.ways.incident, self.ways.pager.open
        if incident.closed is not None:
            assert pages == [], "what is closed here is open there"
        else:
            (page,) = pages
            assert (page.status == "acknowledged") is await self.ways.quiet()
            told = self.ways.world.ledgers["chat"].last_notified
            # What is reopened under a silence is told to nobody before that ends.
            if told.state is NotifiedState.FIRING:
                assert told.acknowledged_by == (incident.acknowledged.by if incident.acknowledged else "")
        assert self.ways.pager.calls <= self.reasons

    async def end(self) -> None:
        world = self.ways.world
        await world.webhook(seen(service="db", ends=world.at))
        await world.until(world.at + 10 * MINUTE)
        assert self.ways.pager.open == []
        assert not [
            ledger.target for ledger in world.ledgers_everywhere if any(ledger.last_notified.members.values())
        ]


async def play(steps: list[Step], chance: Random) -> None:
    story = Story()
    await story.ways.begin()
    for step in steps:
        await story.step(step)
    await story.calm(chance)
    await story.agreed()
    requests = sum(len(page.log) for page in story.ways.pager.account.incidents)
    said = len(story.ways.world.slack.sent)
    await story.calm(chance)
    # Nothing of it comes back: once everybody knows, nothing more is said.
    assert sum(len(page.log) for page in story.ways.pager.account.incidents) == requests
    assert len(story.ways.world.slack.sent) == said
    await story.agreed()
    await story.end()


@given(st.lists(STEPS, max_size=6), st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_everybody_ends_with_the_same_state_and_nothing_echoes(steps: list[Step], chance: Random) -> None:
    asyncio.run(play(steps, chance))


@pytest.mark.long
@given(st.lists(STEPS, max_size=12), st.randoms(use_true_random=False))
@settings(max_examples=250)
def test_everybody_ends_with_the_same_state_at_length(steps: list[Step], chance: Random) -> None:
    asyncio.run(play(steps, chance))
