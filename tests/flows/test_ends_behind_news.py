"""The end of what is critical does not wait behind thousands of warnings that are planned."""

from __future__ import annotations

from gateway.model.agenda import Subject, urgency
from gateway.model.durations import MINUTE, SECOND
from gateway.model.severity import Severity
from tests.support.build import seen
from tests.support.world import World


async def test_a_plan_that_waits_for_the_end_of_a_critical_incident_stays_as_urgent_as_that() -> None:
    world = World()
    await world.webhook(seen())
    await world.until(MINUTE)
    await world.webhook(seen(ends=MINUTE))
    # The message says that nothing fires by now, and the end follows after `resolve_after`.
    await world.until(world.at + 20 * SECOND)
    plan = Subject.plan(world.incidents[0].id)
    assert world.incidents[0].resolved_at is None
    assert world.store._agenda._priority[plan] == urgency(Severity.CRITICAL)
