"""Clocks that step: the store's, a gateway's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from tests.chaos.figures import Figures
from tests.chaos.kind import Kind
from tests.chaos.stage import Stage
from tests.support.meanwhile import meanwhile
from tests.support.stepped_server import SteppedClock, stepped_redis

ALERTS = 60
APART = 4.0  # seconds between two steps
HOUR = 3_600
STEPS = (-150, 0, 150, 0, -5 * HOUR, 0, 5 * HOUR, 0, -150, -300)
STEPS_OF_A_GATEWAY = (HOUR, 0, -HOUR, 0, 150, -150, 0)


@asynccontextmanager
async def stepping(step: Callable[[int], None], steps: tuple[int, ...]) -> AsyncIterator[None]:
    async def go() -> None:
        for seconds in steps:
            await asyncio.sleep(APART)
            step(seconds)

    async with meanwhile(go()):
        yield


async def store_steps(stage: Stage) -> Figures:
    store = stage.stack.enter_context(stepped_redis(stage.folder / "store"))
    await stage.start(2, store.url)
    async with stepping(store.step, STEPS):
        await stage.alerts(ALERTS)
    return await stage.over()


async def gateway_steps(stage: Stage) -> Figures:
    clock = SteppedClock(stage.folder)
    await stage.start(2, stage.redis().url, more=lambda place: clock.environment if place else {})
    async with stepping(clock.step, STEPS_OF_A_GATEWAY):
        await stage.alerts(ALERTS)
    return await stage.over()


KINDS = [
    Kind("clock-store", "the clock of the Redis of two gateways steps every 4 s, by 150 s and 5 h, both ways", store_steps, short=True),
    Kind("clock-gateway", "the clock of one of two gateways steps every 4 s, by 150 s and an hour, both ways", gateway_steps),
]  # fmt: skip
