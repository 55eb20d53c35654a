"""Whatever replicas do, the newest rules of those that live plan soon, and no two rule sets at once."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from gateway.model.durations import SECOND
from tests.rules.test_generations import Fleet

STEPS = st.lists(
    st.tuples(st.sampled_from(["start", "kill", "stop", "freeze", "thaw", "wait"]), st.integers(0, 30)),
    max_size=12,
)


@given(STEPS)
def test_the_newest_rules_of_the_living_plan_and_no_two_sets_at_once(steps: list[tuple[str, int]]) -> None:
    asyncio.run(_play(steps))


async def _play(steps: list[tuple[str, int]]) -> None:
    fleet, number = Fleet(), 0
    await fleet.start("rules-00")
    for step, value in steps:
        living = [name for name in fleet.replicas if name not in fleet.frozen]
        chosen = living[value % len(living)]
        match step:
            case "start":
                number += 1
                await fleet.start(f"rules-{number:02}")
            case "kill" if len(living) > 1:
                del fleet.replicas[chosen]
            case "stop" if len(living) > 1:
                await fleet.replicas.pop(chosen).give_back()
            case "freeze" if len(living) > 1:
                fleet.frozen.add(chosen)
            case "thaw":
                fleet.frozen.clear()
            case _:
                await fleet.run(value * SECOND)
        assert len({fleet.replicas[name].revision for name in await fleet.planning()}) <= 1
    await fleet.run(30 * SECOND)
    assert await fleet.planning() == [max(name for name in fleet.replicas if name not in fleet.frozen)]
