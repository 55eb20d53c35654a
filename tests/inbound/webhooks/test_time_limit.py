"""Each of many has its own time, by one timer; what somebody else cancels is not taken for too slow."""

from __future__ import annotations

import asyncio

import pytest

from gateway.inbound.webhooks.time_limit import TimeLimit

SOON, NEVER = 0.02, 60.0


async def waits(limit: TimeLimit, ends: asyncio.Future[str]) -> str:
    with limit.begun():
        return await ends


async def test_what_takes_too_long_is_ended_and_so_is_each_that_began_after_it() -> None:
    limit = TimeLimit(SOON)
    first = asyncio.create_task(waits(limit, asyncio.Future()))
    await asyncio.sleep(SOON / 2)
    second = asyncio.create_task(waits(limit, asyncio.Future()))
    for task in (first, second):
        with pytest.raises(TimeoutError):
            await task


async def test_what_ends_in_time_is_left_alone_and_so_is_its_task_later() -> None:
    limit, ready = TimeLimit(SOON), asyncio.Future[str]()
    ready.set_result("done")
    assert await waits(limit, ready) == "done"
    await asyncio.sleep(3 * SOON)
    with pytest.raises(TimeoutError):
        await waits(limit, asyncio.Future())


async def test_what_fails_in_time_fails_with_its_own_error() -> None:
    limit = TimeLimit(NEVER)
    with pytest.raises(ValueError, match="of its own"), limit.begun():
        raise ValueError("of its own")


async def test_a_task_that_somebody_else_cancels_is_cancelled() -> None:
    waiting = asyncio.create_task(waits(TimeLimit(NEVER), asyncio.Future()))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_task_that_is_cancelled_as_its_time_runs_out_stays_cancelled() -> None:
    """Whoever stops the gateway waits for it to end, and not for an answer."""
    limit, begun = TimeLimit(SOON), asyncio.Event()

    async def slow() -> None:
        with limit.begun():
            begun.set()
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                stopped = asyncio.current_task()
                assert stopped is not None
                stopped.cancel()  # by somebody else, in the same moment
                raise

    task = asyncio.create_task(slow())
    with pytest.raises(asyncio.CancelledError):
        await task
    assert begun.is_set()


async def test_what_is_inside_of_another_limit_ends_by_the_shorter_one() -> None:
    outer, inner = TimeLimit(NEVER), TimeLimit(SOON)
    with pytest.raises(TimeoutError), outer.begun():
        await waits(inner, asyncio.Future())
    with outer.begun():
        await asyncio.sleep(0)
