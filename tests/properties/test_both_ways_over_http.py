"""Over HTTP and on a real Redis, too: whatever people do in Slack, in PagerDuty and by the API, in any order, with
webhooks that come late, twice or never, and while Slack, PagerDuty or the store is slow or away, everybody ends with
the same state, nothing echoes, and nobody is called without a reason.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from tests.support.real_ways import AWAY, FATES, TROUBLES, RealWays, Town, patiently, town

PRESSES = (
    "acknowledge", "unacknowledge", "snooze 4h", "unsnooze", "silence 4h", "end_silence", "resolve", "noise expected",
    "actionable",
)  # fmt: skip
THERE = ("acknowledged", "unacknowledged", "resolved", "reopened")
BY_API = ("acknowledge", "unacknowledge", "snooze", "unsnooze", "close", "silence", "end_silence")
# Whereupon everybody is called again, or we do not know for a moment that it is over there, and open another.
MAY_CALL = {"unacknowledge", "unsnooze", "end_silence", "resolved"}
TAKES, CLOSES = {"acknowledge", "acknowledged"}, {"resolve", "resolved", "close"}
NAMES = {"U0ALICE": "alice", "U0BOB": "bob"}  # of Slack's people
PEOPLE = {"slack": ["U0ALICE", "U0BOB"], "pagerduty": ["bob", "eve"], "api": ["ann", "bob"]}


@dataclass(frozen=True)
class Step:
    """`trouble` is who is slow or away meanwhile; `apart`: everybody has heard of it before the next one acts."""

    where: str
    act: str
    who: int
    fate: str
    trouble: str
    apart: bool


# PagerDuty's three times: its webhooks have a fate.
ACTS = [
    *(("slack", act) for act in PRESSES),
    *(("pagerduty", act) for act in THERE * 3),
    *(("api", act) for act in BY_API),
]
AT_EASE = "nothing"
STEPS = st.builds(
    lambda act, **more: Step(*act, **more),
    st.sampled_from(ACTS),
    who=st.integers(0, 1),
    fate=st.sampled_from(["at once", "at once", *FATES]),
    trouble=st.sampled_from([*[AT_EASE] * 8, *TROUBLES, *(f"store {how}" for how in AWAY)]),
    apart=st.booleans(),
)


OVERTAKEN = [
    Step("pagerduty", "acknowledged", 0, "overtaken", AT_EASE, apart=False),
    Step("pagerduty", "unacknowledged", 1, "at once", AT_EASE, apart=False),
    Step("slack", "actionable", 0, "at once", AT_EASE, apart=False),
]
"""The older word comes after the newer one."""


async def take(ways: RealWays, step: Step) -> tuple[str, str]:
    """Do it, and return what was done, and by whom."""
    who, done = PEOPLE[step.where][step.who], step.act
    async with ways.trouble(step.trouble):
        if step.where == "slack":
            button, _, choice = step.act.partition(" ")
            done = await ways.press(button, choice, who)
        elif step.where == "api":
            await ways.api(step.act, who)
        else:
            done = await ways.there(step.act, who, step.fate)
    # PagerDuty is read once a minute. What was done and undone between two looks, and never brought, is not known.
    await patiently(ways.look)
    if step.apart:
        await patiently(ways.settle)
    return done, NAMES.get(who, who)


async def play(town: Town, steps: list[Step], chance: Random) -> None:
    ways = town.ways()
    await ways.begin()
    done = [await take(ways, step) for step in steps]
    ways.forget_troubles()
    await ways.until(ways.are_brought)
    await patiently(ways.settle)
    assert len(ways.pages) <= 1 + sum(act in MAY_CALL for act, _ in done), (
        "somebody was called without a reason"
    )
    incident = await patiently(ways.incident)
    # Our own word that comes back is no person's.
    if incident.acknowledged is not None:
        assert incident.acknowledged.by in {who for act, who in done if act in TAKES}
    if incident.closed is not None:
        assert incident.closed.by in {who for act, who in done if act in CLOSES}
    before = ways.outcome()
    await ways.replay(chance)
    await patiently(ways.settle)
    assert ways.outcome() == before, "what was known already came back"
    await patiently(ways.end)


@pytest.mark.long
def test_everybody_ends_with_the_same_state_over_http_and_on_a_real_store(tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        running = town(tmp_path)
        here = runner.run(running.__aenter__())
        try:

            @example(OVERTAKEN, Random(0))
            @given(st.lists(STEPS, min_size=3, max_size=6), st.randoms(use_true_random=False))
            @settings(
                max_examples=6,
                deadline=None,
                phases=[Phase.explicit, Phase.generate],  # none is made smaller: each takes its seconds
                suppress_health_check=[HealthCheck.too_slow],
            )
            def in_every_order(steps: list[Step], chance: Random) -> None:
                runner.run(play(here, steps, chance))

            in_every_order()
        finally:
            runner.run(running.__aexit__(None, None, None))
