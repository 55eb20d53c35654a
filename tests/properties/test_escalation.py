"""Escalation over random timelines: never too early, never twice, never while somebody has it or it is kept quiet."""

from __future__ import annotations

import asyncio
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model.durations import HOUR, MINUTE
from gateway.model.incident import Incident
from gateway.model.ledger import NotifiedState
from gateway.model.rules.route import EscalationStep
from tests.flows.test_escalation import actions, rules
from tests.support.build import seen, someone
from tests.support.world import World

STEPS = (EscalationStep(15 * MINUTE, True, page=("lead",)), EscalationStep(45 * MINUTE, True, page=("boss",)))
ACTS = st.sampled_from(
    ["acknowledge", "unacknowledge", "snooze", "unsnooze", "worse", "end", "again", "nothing"]
)
WAITS = st.integers(1, 40).map(lambda minutes: minutes * MINUTE)


async def do(world: World, act: str) -> None:
    open_ = [incident for incident in world.incidents if not incident.resolved_at]
    for incident in open_:
        match act:
            case "acknowledge":
                await actions(world).acknowledge(incident.id, someone("ann"))
            case "unacknowledge":
                await actions(world).unacknowledge(incident.id, someone("ann"))
            case "snooze":
                await actions(world).snooze(incident.id, someone("ann"), 20 * MINUTE)
            case "unsnooze":
                await actions(world).unsnooze(incident.id, someone("ann"))
    match act:
        case "worse":
            await world.webhook(seen(service="web", severity="critical", at=world.at))
        case "end":
            await world.webhook(seen(service="db", severity="warning", ends=world.at))
        case "again":
            await world.webhook(seen(service="db", severity="warning", at=world.at))


def check(before: list[Incident], after: list[Incident], world: World) -> None:
    known = {incident.id: incident for incident in before}
    for incident in after:
        was = known.get(incident.id)
        for route, escalation in incident.escalations.items():
            earlier = was.escalations.get(route) if was is not None else None
            if earlier is not None and earlier.round == escalation.round:
                # What was taken stays so, and is never taken a second time.
                assert earlier.taken.items() <= escalation.taken.items()
                assert earlier.since == escalation.since
            for step, at in escalation.taken.items():
                assert at >= escalation.since + STEPS[step].after
            taken = sorted(escalation.taken.items())
            for (step, at), (later, at_later) in pairwise(taken):
                assert at_later - at >= STEPS[later].after - STEPS[step].after
            if was is not None and was.acknowledged is not None and incident.acknowledged == was.acknowledged:
                # Somebody had it all the while.
                assert (
                    earlier is None or escalation.round > earlier.round or escalation.taken == earlier.taken
                )


@settings(max_examples=40)
@given(st.lists(st.tuples(ACTS, WAITS), max_size=10))
def test_no_step_is_taken_too_early_or_twice_or_while_somebody_has_it(
    timeline: list[tuple[str, int]],
) -> None:
    async def play() -> None:
        world = World(rules(*STEPS))
        await world.webhook(seen(service="db", severity="warning"))
        await world.until(MINUTE)
        for act, wait in timeline:
            await do(world, act)
            await world.settle()
            before = [*world.incidents]
            await world.until(world.at + wait)
            check(before, [*world.incidents], world)
            # Whoever was called by a step is never told that it is elsewhere now.
            states = {ledger.last_notified.state for ledger in world.ledgers_everywhere}
            assert NotifiedState.MOVED not in states
        # Whoever was called by a step is told the end.
        for service, severity in (("db", "warning"), ("web", "critical")):
            await world.webhook(seen(service=service, severity=severity, ends=world.at))
        await world.until(world.at + 8 * HOUR)
        assert not [
            ledger.target for ledger in world.ledgers_everywhere if any(ledger.last_notified.members.values())
        ]

    asyncio.run(play())
