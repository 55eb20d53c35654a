"""Alerts that join a large incident of which people know: planned together, and never to anybody's cost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from gateway.actions.controls import PreviewedSilence
from gateway.actions.incidents import IncidentActions
from gateway.decisions.intake.patience import PER_MEMBER_MS
from gateway.decisions.suppression.silence_request import SilenceRequest
from gateway.model.durations import MINUTE, SECOND
from gateway.model.incident import Joining
from gateway.model.notification import Refused, Unanswered
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Condition, PageWhen, Route
from gateway.model.severity import Severity
from gateway.model.verdict import MemberStatus, Reason, Verdict
from tests.support.build import START, rulebook, seen, someone
from tests.support.crowds import CROWD, crowded, join
from tests.support.world import World

WHEN_CRITICAL = PageWhen(conditions=(Condition(severity=Severity.CRITICAL),))
RULES = rulebook(Route("everything", BUILT_IN, notify=("chat",), page=("pager",), page_when=WHEN_CRITICAL))
PATIENCE = PER_MEMBER_MS * (CROWD + 1)


def told(world: World) -> list[int]:
    """When chat was told, and how many were shown firing by then."""
    return [one.notification.firing for one in world.slack.sent if one.notification is not None]


def severities(world: World) -> list[tuple[int, Severity]]:
    """When chat was told, and which severity."""
    return [(one.at, one.notification.severity) for one in world.slack.sent if one.notification is not None]


async def verdict_of_the_newest(world: World) -> Verdict:
    newest = world.incidents[0].members[-1].episode_id
    return (await world.verdicts())["chat", newest]


async def test_a_join_waits_to_be_planned_and_says_so_and_the_books_have_it() -> None:
    world = await crowded(RULES)
    before = world.store.counted["open:planned"]
    await join(world, "new")
    assert world.incidents[0].joining == Joining(START + MINUTE, START + MINUTE + PATIENCE, 1, 1)
    verdict = await verdict_of_the_newest(world)
    assert (verdict.outcome, verdict.reason) == (MemberStatus.HELD, Reason.JOINING)
    assert verdict.until == START + MINUTE + PATIENCE
    assert world.store.counted["open:waiting"] == before + 1
    assert told(world) == [CROWD]
    await world.until(MINUTE + PATIENCE)
    assert told(world) == [CROWD, CROWD + 1]
    assert world.store.counted["open:waiting"] == 0
    assert world.incidents[0].joining is None
    assert (await verdict_of_the_newest(world)).outcome == MemberStatus.TOLD


async def test_further_joins_put_nothing_off_and_are_planned_with_the_first() -> None:
    world = await crowded(RULES)
    for number in range(8):
        await join(world, f"new{number}")
        await world.until(world.at + PATIENCE // 8)
    await world.until(MINUTE + PATIENCE)
    assert told(world) == [CROWD, CROWD + 8]


async def test_between_two_updates_joins_are_planned_together_and_told_at_the_very_time_of_the_update() -> (
    None
):
    world = await crowded(RULES)
    await join(world, "first")
    await world.until(MINUTE + 2 * SECOND)
    # Nobody would hear of these before half a minute after the update that told of the first.
    for number in range(5):
        await join(world, f"new{number}")
        await world.until(world.at + 5 * SECOND)
    await world.until(MINUTE + PATIENCE + 30 * SECOND)
    updates = [sent for sent in world.slack.sent if sent.notification is not None]
    assert (updates[-1].at, updates[-1].notification.firing) == (MINUTE + PATIENCE + 30 * SECOND, CROWD + 6)


async def a_critical(world: World) -> None:
    await join(world, "worse", "critical")


async def an_end(world: World) -> None:
    await world.webhook(seen(severity="warning", pod="p0", ends=world.at))


async def a_person(world: World) -> None:
    await IncidentActions(world.shards, lambda: None).acknowledge(world.incidents[0].id, someone("ann"))
    await world.settle()


async def a_silence(world: World) -> None:
    request = SilenceRequest(('pod="p0"',), "ann", ends_at=START + world.at + MINUTE, reason="known")
    previewed = await world.desk.preview(request)
    assert isinstance(previewed, PreviewedSilence)
    await world.desk.silence(previewed.silence)
    await world.settle()


async def new_rules(world: World) -> None:
    await world.reload(RULES)


@pytest.mark.parametrize("what", [a_critical, an_end, a_person, a_silence, new_rules])
async def test_whatever_is_more_than_an_update_is_planned_at_once_with_all_that_wait(
    what: Callable[[World], Awaitable[None]],
) -> None:
    world = await crowded(RULES)
    await join(world, "new")
    assert world.incidents[0].joining is not None
    await what(world)
    incident = world.incidents[0]
    assert incident.joining is None
    assert incident.planned_revision == incident.revision
    assert (await verdict_of_the_newest(world)).reason is not Reason.JOINING


async def test_a_small_incident_is_planned_at_once() -> None:
    world = await crowded(RULES, 4)
    await join(world, "new")
    assert told(world) == [4, 5]


async def test_before_people_know_of_the_incident_every_join_is_planned_at_once() -> None:
    world = World(RULES)
    await world.webhook(*(seen(severity="warning", pod=f"p{number}") for number in range(CROWD)))
    await join(world, "new")
    assert world.incidents[0].joining is None
    assert world.incidents[0].planned_revision == world.incidents[0].revision


async def test_a_join_that_may_page_by_the_number_of_alerts_is_planned_at_once() -> None:
    many = PageWhen(conditions=(Condition(alerts=CROWD + 1),))
    route = Route("everything", BUILT_IN, notify=("chat",), page=("pager",), page_when=many)
    world = await crowded(rulebook(route))
    await join(world, "new")
    assert [one.at for one in world.pagerduty.sent] == [MINUTE]


async def test_a_join_is_planned_at_once_while_a_destination_fails() -> None:
    world = await crowded(RULES)
    world.slack.down = True
    await join(world, "new")
    await world.until(MINUTE + PATIENCE)
    await join(world, "newer")
    assert world.incidents[0].joining is None


async def test_by_rules_that_are_not_the_newest_a_join_is_planned_at_once() -> None:
    world = await crowded(RULES)
    # The plan that was made by these rules says so; a replica that has newer ones looks anew.
    world.reconciler.use(world.reconciler.context.policy, 1)
    await world.replan()
    await join(world, "new")
    assert world.incidents[0].joining is None


UPDATE_FAILS = [Refused("unavailable"), Unanswered("timeout")]


@pytest.mark.parametrize("answer", UPDATE_FAILS)
async def test_a_rise_does_not_wait_for_the_next_try_of_an_update_that_fell_into_an_outage(
    answer: Refused | Unanswered,
) -> None:
    world = await crowded(RULES)
    # With a plan at once the update would have been told before the vendor went.
    world.slack.fails = lambda: answer if world.at < MINUTE + 20 * SECOND else None
    await join(world, "new")
    await world.until(MINUTE + 21 * SECOND)
    await join(world, "worse", "error")
    assert severities(world)[-1] == (MINUTE + 21 * SECOND, Severity.ERROR)


async def test_a_rise_after_an_update_that_failed_often_is_tried_again_after_the_shortest_wait() -> None:
    world = await crowded(RULES)
    world.slack.fails = lambda: Refused("unavailable") if world.at < MINUTE + 22 * SECOND else None
    await join(world, "new")
    await world.until(MINUTE + 21_400)
    await join(world, "worse", "error")
    await world.until(MINUTE + 22 * SECOND)
    tries = [at for at, _ in world.slack.tried if at >= MINUTE + 21 * SECOND]
    assert tries[:2] == [MINUTE + 21_400, MINUTE + 21_900]
    await join(world, "and another")
    assert world.slack.tried[-1][0] < world.at, "a rise that was tried waits for its own next try"
    await world.until(MINUTE + 23 * SECOND)
    assert severities(world)[-1] == (MINUTE + 22_900, Severity.ERROR)
