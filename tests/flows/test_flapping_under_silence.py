"""What flaps while something keeps it quiet: nobody is told that it is over while it fires, nor of each time."""

from __future__ import annotations

import pytest

from gateway.actions.incidents import IncidentActions
from gateway.model.durations import HOUR, MINUTE
from gateway.model.ledger import NotifiedState
from gateway.model.rules.kinds import CorrelateRule, Maintenance
from gateway.model.rules.origin import BUILT_IN
from tests.flows.test_silences import rules, silenced
from tests.flows.test_telling import route
from tests.support.build import START, match, seen, someone
from tests.support.world import World

PATIENT = route(resolve_after=10 * MINUTE)
UPGRADE = Maintenance("upgrade", BUILT_IN, match('service="db"'), START + MINUTE, START + HOUR)
TOGETHER = (CorrelateRule("all", BUILT_IN, by=("cluster",), window=6 * HOUR),)


def states(world: World, target: str) -> set[NotifiedState]:
    sender = world.slack if target == "chat" else world.pagerduty
    return {one.notification.state for one in sender.sent if one.notification is not None}


def said(world: World) -> list[str]:
    return [note.text for one in world.slack.sent for note in one.notes]


async def fires(world: World, at: int, ends: int | None = None) -> None:
    await world.until(at)
    await world.webhook(seen(service="db", at=at))
    if ends is not None:
        await world.until(ends)
        await world.webhook(seen(service="db", at=at, ends=ends))


@pytest.mark.parametrize("by", ["silence", "maintenance"])
async def test_what_fires_again_while_it_is_kept_quiet_is_not_told_as_resolved(by: str) -> None:
    world = World(rules(PATIENT, maintenance=(UPGRADE,) if by == "maintenance" else ()))
    await world.webhook(seen(service="db"))
    await world.until(MINUTE)
    if by == "silence":
        await silenced(world)
    await world.until(5 * MINUTE)
    await world.webhook(seen(service="db", ends=5 * MINUTE))
    await fires(world, 6 * MINUTE)
    await world.until(50 * MINUTE)
    assert states(world, "chat") == states(world, "pager") == {NotifiedState.FIRING}
    newest = [one.notification for one in world.slack.sent if one.notification is not None][-1]
    assert (newest.all_quiet, newest.firing, newest.quiet_until) == (True, 1, None)
    assert not any(world.imbalances().values())


async def test_what_still_fires_again_when_its_silence_is_over_is_paged_anew_and_told_in_the_channel() -> (
    None
):
    world = World(rules(PATIENT))
    await world.webhook(seen(service="db"))
    await world.until(MINUTE)
    await silenced(world)
    await fires(world, 0, ends=5 * MINUTE)
    await fires(world, 6 * MINUTE)
    await world.until(HOUR + 2 * MINUTE)
    assert world.ledgers["pager"].generation == 2
    assert len(world.pagerduty.withdrawn) == 1
    assert "its silence is over" in said(world)[-1]
    await world.webhook(seen(service="db", at=6 * MINUTE, ends=HOUR + 2 * MINUTE))
    await world.until(2 * HOUR)
    assert world.ledgers["pager"].last_notified.state is NotifiedState.ENDED


async def test_each_time_it_fires_again_under_its_silence_is_no_line_in_the_thread() -> None:
    world = World(rules(PATIENT))
    await world.webhook(seen(service="db"))
    await world.until(MINUTE)
    await silenced(world)
    for at in range(0, 40 * MINUTE, 4 * MINUTE):
        await fires(world, at, ends=at + 3 * MINUTE)
    assert len(said(world)) == 1
    assert said(world)[0].startswith("🔕")
    await world.until(HOUR)
    assert states(world, "chat") == {NotifiedState.FIRING, NotifiedState.ENDED}
    assert world.ledgers["pager"].generation == 1


async def test_one_of_several_that_fires_again_under_its_silence_keeps_the_incident_open() -> None:
    world = World(rules(PATIENT, correlate=TOGETHER))
    await world.webhook(seen(service="db"), seen(service="web"))
    await world.until(MINUTE)
    await silenced(world)
    await fires(world, 0, ends=3 * MINUTE)
    await fires(world, 5 * MINUTE)
    await world.webhook(seen(service="web", ends=6 * MINUTE))
    await world.until(50 * MINUTE)
    assert states(world, "chat") == states(world, "pager") == {NotifiedState.FIRING}


async def test_what_a_person_closes_after_it_fired_again_under_its_silence_is_closed_and_not_resolved() -> (
    None
):
    world = World(rules(PATIENT))
    await world.webhook(seen(service="db"))
    await world.until(MINUTE)
    await silenced(world)
    await fires(world, 0, ends=5 * MINUTE)
    await fires(world, 6 * MINUTE)
    await world.until(7 * MINUTE)
    await IncidentActions(world.shards, lambda: None).close(
        world.incidents[0].id, someone("bob"), "known", HOUR
    )
    await world.until(50 * MINUTE)
    assert world.ledgers["chat"].last_notified.state is NotifiedState.CLOSED
    assert NotifiedState.ENDED not in states(world, "chat")
