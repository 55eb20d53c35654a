"""Silences are ended when their time is over, and their makers are reminded before that."""

from __future__ import annotations

from gateway.decisions.controls import state_of
from gateway.decisions.suppression.silence_request import SilenceRequest
from gateway.model.controls import Silence, SilenceState
from gateway.model.durations import HOUR, MINUTE
from tests.support.build import START, seen
from tests.support.world import World


async def silenced(world: World, **more: object) -> Silence:
    ends_at = None if more.get("until_resolved") else START + world.at + HOUR
    request = SilenceRequest(('service="db"',), "anna", ends_at=ends_at, **more)  # type: ignore[arg-type]
    previewed = await world.desk.preview(request)
    made = await world.desk.silence(previewed.silence)  # type: ignore[union-attr]
    assert isinstance(made, Silence)
    await world.settle()
    return made


def endings(world: World) -> list[dict[str, object]]:
    return [dict(entry.detail) for _, entry in world.store.log if entry.what == "silence_ended"]


async def test_a_silence_that_ends_soon_is_said_with_what_still_fires_under_it() -> None:
    world = World()
    made = await silenced(world)
    await world.webhook(seen("Down", service="db"), seen("Slow", service="db"))
    await world.until(44 * MINUTE)
    assert world.reports == []
    await world.until(46 * MINUTE)
    assert world.reports
    assert all(
        report == ("GatewaySilenceEnding", {"silence": made.id, "owner": "anna"}) for report in world.reports
    )


async def test_nobody_is_reminded_of_a_silence_under_which_nothing_fires() -> None:
    world = World()
    await silenced(world)
    await world.webhook(seen("Down", service="web"))
    await world.until(HOUR + MINUTE)
    assert world.reports == []


async def test_a_silence_until_resolved_ends_with_the_last_alert_under_it_and_says_so() -> None:
    world = World()
    await world.webhook(seen("Down", service="db"))
    made = await silenced(world, until_resolved=True)
    await world.until(10 * MINUTE)
    assert endings(world) == []
    await world.webhook(seen("Down", service="db", ends=10 * MINUTE))
    await world.until(15 * MINUTE)
    assert [entry["silence"] for entry in endings(world)] == [made.id]
    controls, now = await world.desk.held()
    assert state_of(controls.silences[0], world.reconciler.context.policy.calendar, now) is SilenceState.ENDED


async def test_where_no_silence_is_left_nothing_is_on_the_agenda() -> None:
    world = World()
    await silenced(world)
    await world.until(9 * 24 * HOUR)
    assert (await world.desk.held())[0].silences == ()
    assert not world.store.agenda_at
