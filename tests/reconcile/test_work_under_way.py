"""How much more may be worked on, by share, by lane and by kind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from gateway.decisions.policy import Policy
from gateway.model.agenda import Share, Subject
from gateway.model.changes import Claim
from gateway.model.lanes import LaneRule
from gateway.reconcile.work_under_way import RESERVED, WorkUnderWay
from tests.support.build import pager, rulebook, slack

RULES = rulebook(destinations=(slack(), pager()))


def claims(count: int, lane: str = "", share: Share = Share.OTHERS) -> list[Claim]:
    subject = Subject.deliver(lane, "i1") if lane else Subject.plan("i1")
    return [Claim(subject, "token", 0, share=share)] * count


@asynccontextmanager
async def working(*some: list[Claim]) -> AsyncIterator[WorkUnderWay]:
    """Each list is one task, and none of them ends before the block does."""
    over = asyncio.Event()
    work = WorkUnderWay(lambda: None)

    async def go_on() -> None:
        await over.wait()

    for one in some:
        work.start(one, go_on())
    yield work
    over.set()
    await work.wait(5)


def rule(work: WorkUnderWay, *hanging: str) -> LaneRule:
    return work.lanes(Policy(RULES), {}, hanging)


async def test_plans_that_are_made_together_take_as_much_room_as_there_are_plans() -> None:
    async with working(claims(20, share=Share.PLANS), claims(1, "chat")) as work:
        assert work.room == 64 - 21
    assert work.room == 64


@pytest.mark.parametrize(
    ("share", "running", "reserved"),
    [
        pytest.param(Share.PLANS, 0, 16, id="plans have a quarter for themselves"),
        pytest.param(Share.PLANS, 10, 6, id="those under way count"),
        pytest.param(Share.ENDS, 0, 8, id="ends have an eighth"),
        pytest.param(Share.OWN_ALERTS, 30, 0, id="whoever has more than its own has nothing reserved"),
    ],
)
async def test_a_share_has_some_room_for_itself(share: Share, running: int, reserved: int) -> None:
    async with working(claims(running, "chat", share)) as work:
        assert rule(work).reserved == {**RESERVED, share: reserved}


async def test_a_share_has_its_own_even_while_others_have_borrowed_all_the_room() -> None:
    async with working(claims(64, "chat")) as work:
        assert (work.room, rule(work).reserved) == (0, RESERVED)


async def test_what_is_under_way_is_counted_by_lane_and_by_kind() -> None:
    async with working(claims(3, "chat:#pay"), claims(2, "chat"), claims(1, "pager"), claims(5)) as work:
        found = rule(work)
        assert found.running == {"chat:#pay": 3, "chat": 2, "pager": 1}
        assert (found.room, found.busy_room) == (
            {"slack": 19, "pagerduty": 23},
            {"slack": 7, "pagerduty": 11},
        )


async def test_only_what_hangs_counts_against_the_room_of_what_hangs() -> None:
    async with working(claims(3, "chat:#pay"), claims(2, "chat")) as work:
        assert rule(work, "chat").hanging_room == {"slack": 10, "pagerduty": 12}
