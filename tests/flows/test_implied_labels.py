"""Which pages are implied to have been noise, since they were over by themselves soon after they came."""

from __future__ import annotations

from gateway.model.durations import MINUTE
from gateway.model.ledger import NotifiedState
from gateway.state.statistics import read_events
from tests.flows.test_escalation import fired, rules
from tests.flows.test_silences import silenced
from tests.support.build import seen
from tests.support.world import World


async def implied_noise(world: World) -> list[str]:
    """The targets whose pages are implied to have been noise."""
    events = await read_events(world.shards)
    labelled = {page for event in events if event.__struct_config__.tag == "label" for page in event.pages}  # type: ignore[union-attr]
    return sorted(page.split("|")[1] for page in labelled)


async def test_a_page_that_rings_again_is_judged_from_when_it_first_rang() -> None:
    world = World(rules())
    await fired(world, severity="warning")
    await world.until(8 * MINUTE)
    await world.webhook(seen(service="web", severity="critical", at=8 * MINUTE))
    await world.until(9 * MINUTE)
    assert world.ledgers["pager"].generation == 2
    for service, severity in (("db", "warning"), ("web", "critical")):
        await world.webhook(seen(service=service, severity=severity, ends=10 * MINUTE))
    await world.until(30 * MINUTE)
    assert await implied_noise(world) == []


async def test_each_page_is_judged_by_itself() -> None:
    world = World(rules())
    await fired(world)
    await world.until(16 * MINUTE)
    await world.webhook(seen(service="db", ends=16 * MINUTE))
    await world.until(40 * MINUTE)
    assert await implied_noise(world) == ["lead"]


async def test_whoever_silences_a_page_has_had_work_with_it() -> None:
    world = World(rules())
    await fired(world)
    await silenced(world)
    await world.until(3 * MINUTE)
    await world.webhook(seen(service="db", ends=3 * MINUTE))
    await world.until(30 * MINUTE)
    assert world.ledgers["pager"].last_notified.state is NotifiedState.ENDED
    assert await implied_noise(world) == []
