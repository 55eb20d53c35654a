"""The loop finishes what it has claimed, and leaves the rest to others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest
import structlog

from gateway.decisions.delivery.next_step import LEASE
from gateway.decisions.intake.correlate import Correlator
from gateway.errors import StateUnavailable
from gateway.intake.group_commit import GroupCommit
from gateway.model.agenda import Subject
from gateway.model.changes import (
    Cell,
    Changes,
    Claim,
    Claimed,
    Committed,
    MergeConflict,
    Query,
    Result,
    Table,
)
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.lanes import LaneRule
from gateway.model.ledger import NotifiedState
from gateway.model.rules.origin import BUILT_IN
from gateway.model.rules.route import Route
from gateway.reconcile import Reconciler
from gateway.reconcile.handlers import UNKNOWN_WAIT_MS
from gateway.reconcile.plan_together import apart
from gateway.reconcile.work_under_way import MAX_UNDER_WAY
from gateway.state.write_lock import Writer
from gateway.storage.memory import MemoryStore
from tests.flows.test_telling import states
from tests.support.build import START, rulebook, seen
from tests.support.patience import PATIENCE
from tests.support.world import World


class Late(MemoryStore):
    """A claim that is answered only after the end was asked for."""

    reconciler: Reconciler

    async def claim(self, limit: int, lease: int, lanes: LaneRule) -> Claimed:
        found = await super().claim(limit, lease, lanes)
        if found.claims:
            self.reconciler.stop()
        return found


async def world_with_one_alert_due() -> tuple[World, Late]:
    """Return a world whose reconciler is asked to stop as soon as it has claimed the plan that is due."""
    world = World(rulebook(Route("everything", BUILT_IN, notify=("chat",), group_wait=0)))
    store = Late(lambda: START)
    world.reconciler.context.store = store
    store.reconciler = world.reconciler
    intake = GroupCommit(store, Correlator(rulebook()), woken=lambda: None, taken=lambda *_: None)
    await intake.accept([seen()], [])
    return world, store


async def test_what_was_claimed_when_the_end_came_is_finished_and_no_lease_is_left() -> None:
    world, store = await world_with_one_alert_due()
    await asyncio.wait_for(world.reconciler.run(), PATIENCE)
    assert not store._agenda._leases


async def test_what_the_store_s_absence_ends_after_the_end_was_asked_for_is_given_back() -> None:
    world, store = await world_with_one_alert_due()
    commit = store.commit

    async def away(changes: Changes) -> Committed:
        if changes.put:
            raise StateUnavailable("the disk is full")
        return await commit(changes)

    store.commit = away  # type: ignore[method-assign]
    await asyncio.wait_for(world.reconciler.run(), PATIENCE)
    assert not store._agenda._leases


async def test_what_the_store_s_absence_has_ended_goes_on_at_once_when_it_is_back() -> None:
    """Not after the lease of 20 seconds: a page would be that late after each moment without a store."""
    world = World()
    world.leave_plans_to_agenda()
    await world.intake.accept([seen()], [])
    commit = world.store.commit

    async def away(changes: Changes) -> Committed:
        raise StateUnavailable("the disk is full")

    world.store.commit = away  # type: ignore[method-assign]
    with pytest.raises(StateUnavailable):
        await world.reconciler.run_due()
    assert world.store._agenda._leases
    world.store.commit = commit  # type: ignore[method-assign]
    await world.until(2 * SECOND)
    assert world.incidents[0].planned_revision == world.incidents[0].revision


async def test_what_the_absence_ends_while_another_lease_is_given_back_is_given_back_too() -> None:
    world = World()
    world.leave_plans_to_agenda()
    await world.intake.accept([seen(service="a"), seen(service="b")], [])
    commit, failed = world.store.commit, list[Changes]()
    giving_back, ended = asyncio.Event(), asyncio.Event()

    async def away(changes: Changes) -> Committed:
        if not changes.put:
            giving_back.set()
            await ended.wait()
            return await commit(changes)
        failed.append(changes)
        # Both together, then each by itself; the last one is still under way when the first is given back.
        if len(failed) == 3:
            await giving_back.wait()
            asyncio.get_running_loop().call_later(0.01, ended.set)
        raise StateUnavailable("the disk is full")

    world.store.commit = away  # type: ignore[method-assign]
    running = asyncio.create_task(world.reconciler.run())
    await asyncio.wait_for(ended.wait(), PATIENCE)
    world.reconciler.stop()
    await asyncio.wait_for(running, PATIENCE)
    world.store.commit = commit  # type: ignore[method-assign]
    await world.until(2 * SECOND)
    assert [incident.planned_revision == incident.revision for incident in world.incidents] == [True, True]


async def test_what_a_fault_of_ours_has_ended_while_the_store_was_away_goes_on_when_it_is_back() -> None:
    world = World()
    world.leave_plans_to_agenda()
    world.forgives = True
    await world.intake.accept([seen()], [])
    commit, now = world.store.commit, world.store.now

    async def faulty(changes: Changes) -> Committed:
        if changes.put:
            raise RuntimeError("a fault of ours")
        return await commit(changes)

    async def away() -> int:
        raise StateUnavailable("the disk is full")

    world.store.commit, world.store.now = faulty, away  # type: ignore[method-assign]
    await world.reconciler.run_due()
    assert world.watcher.failures
    world.store.commit, world.store.now = commit, now  # type: ignore[method-assign]
    await world.until(2 * SECOND)
    assert world.incidents[0].planned_revision == world.incidents[0].revision


async def test_an_incident_that_changes_while_it_is_planned_is_planned_again() -> None:
    world = World()
    world.leave_plans_to_agenda()
    await world.intake.accept([seen()], [])
    gather = world.store.gather

    async def disturbed(ask: Query) -> Result:
        found = await gather(ask)
        if any(cell.table is Table.LEDGERS for cell in ask.cells) and world.store.gather is not gather:
            world.store.gather = gather  # type: ignore[method-assign]
            await world.intake.accept([seen(severity="critical", pod="late")], [])
        return found

    world.store.gather = disturbed  # type: ignore[method-assign]
    await world.until(60_000)
    assert states(world, "chat") == [NotifiedState.FIRING]
    assert world.imbalances() == dict.fromkeys(world.imbalances(), 0)


async def test_plans_that_are_due_together_are_one_commit_and_counted_as_such() -> None:
    world = World()
    world.leave_plans_to_agenda()
    await world.intake.accept([seen(service="a"), seen(service="b")], [])
    await world.settle()
    assert world.watcher.together == ["done"]


async def test_of_plans_together_only_those_that_lost_a_race_are_made_anew_each_by_itself() -> None:
    world = World()
    world.leave_plans_to_agenda()
    await world.intake.accept([seen(service="a"), seen(service="b"), seen(service="c")], [])
    commit, commits = world.store.commit, []

    async def quicker(changes: Changes) -> Committed:
        plans = sum(not release.hold and release.claim.subject.kind == "plan" for release in changes.releases)
        if plans > 1 and not commits:
            await _changed(world, next(iter(changes.expect)), commit)
        committed = await commit(changes)
        commits.extend([(plans, str(committed.outcome))] if plans else [])
        return committed

    world.store.commit = quicker  # type: ignore[method-assign]
    await world.settle()
    assert commits == [(3, "lost"), (2, "done"), (1, "done")]
    assert world.watcher.together == ["not_done"]
    assert world.store.lost_races["plan"] == 1
    await world.until(60_000)
    assert len([sent for sent in world.slack.sent if sent.posted]) == 3


async def _changed(world: World, cell: Cell, commit: Callable[[Changes], Awaitable[Committed]]) -> None:
    row = (await world.store.gather(Query(cells=(cell,)))).rows[cell]
    await commit(Changes(put={cell: row.value}))


async def test_many_members_are_planned_in_parts_and_what_only_waits_for_joins_comes_last() -> None:
    world = World(rulebook(Route("everything", BUILT_IN, notify=("chat",))))
    names = "abcde"
    for name in names:
        await world.webhook(*(seen(service=name, pod=f"p{number}") for number in range(400)))
    await world.until(MINUTE)
    for name in names[:2]:
        await world.spread.accept([seen(at=world.at, service=name, severity="warning", pod="new")], ())
    joined = {incident.id for incident in world.incidents if incident.joining is not None}
    others = (Subject.plan(incident.id) for incident in world.incidents if incident.id not in joined)
    await world.store.commit(Changes(agenda=dict.fromkeys(others, (START + world.at, 5))))
    world.at += SECOND
    claims = (await world.store.claim(64, LEASE, world.reconciler.lanes())).claims
    parts = await apart(world.reconciler.context, claims)
    assert [(len(part.claims), part.writer) for part in parts] == [
        (2, Writer.PLAN),
        (1, Writer.PLAN),
        (2, Writer.PATIENT_PLAN),
    ]
    assert {claim.subject.id for claim in parts[-1].claims} == joined


async def test_a_fault_over_plans_together_is_named_and_each_is_planned_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def stumbles(*_: object) -> bool:
        raise MergeConflict("put has two values")

    monkeypatch.setattr("gateway.reconcile.loop.plan_together", stumbles)
    world = World()
    world.leave_plans_to_agenda()
    await world.intake.accept([seen(service="a"), seen(service="b")], [])
    with structlog.testing.capture_logs() as logs:
        await world.until(60_000)
    split = next(entry for entry in logs if entry["event"] == "planned_one_by_one")
    assert (split["outcome"], split["log_level"]) == ("fault", "warning")
    assert "put has two values" in split["because"]
    assert world.watcher.together[0] == "fault"
    assert len([sent for sent in world.slack.sent if sent.posted]) == 2


async def test_a_store_that_is_away_delays_what_is_due_and_loses_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World()
    world.leave_plans_to_agenda()
    await world.intake.accept([seen()], [])
    gather = world.store.gather

    async def away(_ask: Query) -> Result:
        raise StateUnavailable("away")

    monkeypatch.setattr(world.store, "gather", away)
    await world.reconciler.run_due()
    monkeypatch.setattr(world.store, "gather", gather)
    assert not world.watcher.failures
    await world.until(120_000)
    assert states(world, "chat") == [NotifiedState.FIRING]


async def test_a_subject_of_a_kind_that_only_a_newer_gateway_knows_is_left_to_it() -> None:
    world = World()
    newer = Subject("report", "weekly")
    await world.store.commit(Changes(agenda={newer: (START, 0)}))
    await world.settle()
    assert world.store.agenda_at[newer] == START + UNKNOWN_WAIT_MS
    assert world.watcher.failures == []


async def test_a_subject_that_fails_again_and_again_backs_off_and_is_an_alert_of_our_own_in_the_end() -> None:
    world = World()
    world.forgives = True
    world.slack.stumbles_over = "HighErrorRate"
    await world.webhook(seen())
    await world.until(HOUR)
    assert ("GatewayStuck", {"subject": "deliver:chat"}) in world.reports
    assert len(world.watcher.failures) < 100
    assert world.pagerduty.sent, "whatever goes wrong with one delays no other"


async def test_a_plan_is_made_while_deliveries_that_hang_have_all_the_room() -> None:
    world = World()
    world.leave_plans_to_agenda()
    hang = asyncio.Event()

    async def hangs() -> None:
        await hang.wait()

    chat = Claim(Subject.deliver("chat", "i0"), "token", 0)
    world.reconciler._work.start([chat] * MAX_UNDER_WAY, hangs())
    await world.intake.accept([seen()], [])
    running = asyncio.create_task(world.reconciler.run())
    async with asyncio.timeout(PATIENCE):
        while not world.incidents[0].planned_revision:
            await asyncio.sleep(0)
    world.reconciler.stop()
    hang.set()
    await running
