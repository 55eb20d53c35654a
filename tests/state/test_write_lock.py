"""Intake and plans of one process write to a shard one after the other."""

from __future__ import annotations

import asyncio

import pytest

from gateway.state.write_lock import WriteLock, Writer


class Desk:
    """A lock, and in which order it was taken."""

    def __init__(self) -> None:
        self.lock = WriteLock()
        self.taken: list[str] = []
        self.at_once = self.most_at_once = 0

    async def write(self, name: str, writer: Writer, steps: int = 3) -> None:
        async with self.lock.taken(writer):
            self.taken.append(name)
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            for _ in range(steps):
                await asyncio.sleep(0)
            self.at_once -= 1


async def test_one_writes_at_a_time_and_the_lock_goes_from_intake_to_plans_and_back() -> None:
    desk = Desk()
    await asyncio.gather(
        *(desk.write(f"webhook {number}", Writer.INTAKE) for number in range(3)),
        *(desk.write(f"plan {number}", Writer.PLAN) for number in range(2)),
    )
    assert desk.taken == ["webhook 0", "plan 0", "webhook 1", "plan 1", "webhook 2"]
    assert desk.most_at_once == 1


async def test_plans_for_which_nobody_waits_come_after_the_others() -> None:
    desk = Desk()
    await asyncio.gather(
        desk.write("webhook", Writer.INTAKE),
        desk.write("patient plan", Writer.PATIENT_PLAN),
        desk.write("plan", Writer.PLAN),
    )
    assert desk.taken == ["webhook", "plan", "patient plan"]


async def test_whoever_has_waited_for_too_long_goes_on_without_the_lock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gateway.state.write_lock.LONGEST_WAIT_SECONDS", 0.01)
    desk = Desk()
    hangs = asyncio.create_task(desk.write("hangs", Writer.PLAN, steps=10**9))
    await asyncio.sleep(0)
    await desk.write("webhook", Writer.INTAKE)
    assert desk.taken == ["hangs", "webhook"]
    hangs.cancel()
    await asyncio.gather(hangs, return_exceptions=True)
    # The lock is given back though its holder was cut off, and whoever has gone keeps it from nobody.
    await desk.write("plan", Writer.PLAN)
    assert desk.lock._holder is None


async def test_a_lock_that_comes_to_somebody_who_is_cut_off_is_passed_on() -> None:
    desk = Desk()
    first = asyncio.create_task(desk.write("first", Writer.INTAKE))
    cut_off = asyncio.create_task(desk.write("cut off", Writer.PLAN))
    last = asyncio.create_task(desk.write("last", Writer.INTAKE))
    await asyncio.sleep(0)
    its_turn = desk.lock._waiting[Writer.PLAN][0]
    while not its_turn.done():
        await asyncio.sleep(0)
    cut_off.cancel()
    await asyncio.gather(first, cut_off, last, return_exceptions=True)
    assert desk.taken == ["first", "last"]
    assert desk.lock._holder is None


async def test_the_lock_is_given_back_whatever_goes_wrong_in_it() -> None:
    lock = WriteLock()
    with pytest.raises(ValueError, match="a fault"):
        async with lock.taken(Writer.PLAN):
            raise ValueError("a fault")
    assert lock._holder is None
