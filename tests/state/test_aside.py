"""Work that is done aside leaves the loop alone."""

from __future__ import annotations

import asyncio
import threading

import pytest

from gateway.state.aside import Aside


async def test_the_loop_goes_on_while_work_is_done_aside() -> None:
    go = threading.Event()
    working = asyncio.create_task(Aside("test", 1).run(lambda: go.wait(10)))
    await asyncio.sleep(0)
    go.set()
    assert await working


async def test_what_the_work_raises_is_raised_where_it_is_waited_for() -> None:
    def fail() -> None:
        raise ValueError("no")

    aside = Aside("test", 1)
    with pytest.raises(ValueError, match="no"):
        await aside.run(fail)
    assert await aside.run(lambda: 1) == 1


async def test_work_whose_caller_gave_up_before_it_began_is_not_done() -> None:
    began, go, done = threading.Event(), threading.Event(), list[str]()

    def hold_the_thread() -> bool:
        began.set()
        return go.wait(10)

    aside = Aside("test", 1)
    first = asyncio.create_task(aside.run(hold_the_thread))
    given_up = [asyncio.create_task(aside.run(lambda: done.append("given up"))) for _ in range(20)]
    await asyncio.to_thread(began.wait, 10)
    for waiting in given_up:
        waiting.cancel()
    await asyncio.gather(*given_up, return_exceptions=True)
    go.set()
    assert await first
    await aside.run(lambda: done.append("last"))
    assert done == ["last"]
