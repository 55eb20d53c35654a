"""Background: work for as long as the gateway runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack

import structlog

log = structlog.get_logger("gateway.background")

PATIENCE = 5.0  # seconds before work that a fault has ended is begun again


def background(stack: AsyncExitStack, work: Callable[[], Coroutine[None, None, None]]) -> None:
    """Work for as long as the gateway runs. Where a fault ends it, that is logged and it is begun again."""
    task = asyncio.create_task(_for_ever(work))

    async def stop() -> None:
        while not task.done():  # a library may swallow one cancellation
            task.cancel()
            await asyncio.wait([task], timeout=1)

    stack.push_async_callback(stop)


async def _for_ever(work: Callable[[], Coroutine[None, None, None]]) -> None:
    while True:
        (fault,) = await asyncio.gather(work(), return_exceptions=True)
        log.error("background_work_failed", work=getattr(work, "__qualname__", repr(work)), exc_info=fault)
        await asyncio.sleep(PATIENCE)
