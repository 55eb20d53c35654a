"""What is looked at again and again is looked at once something was noted, and a store that is away is waited for."""

from __future__ import annotations

import asyncio

from gateway.errors import StateUnavailable
from gateway.state.looking import look_again_and_again
from tests.support.patience import PATIENCE


async def test_it_looks_at_once_when_woken_and_goes_on_while_the_store_is_away() -> None:
    wake, looks, told = asyncio.Event(), list[int](), list[StateUnavailable]()
    done = asyncio.Event()

    async def look() -> None:
        looks.append(len(looks))
        if len(looks) == 1:
            wake.set()
            raise StateUnavailable("away")
        done.set()

    task = asyncio.create_task(look_again_and_again(look, wake, 3600, told.append))
    async with asyncio.timeout(PATIENCE):
        await done.wait()
    task.cancel()
    await asyncio.wait([task])
    assert (looks, [str(error) for error in told]) == ([0, 1], ["away"])
