"""Look again and again at something in the store: regularly, and at once when something new was noted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from gateway.clock import seconds_to_next_look
from gateway.errors import StateUnavailable
from gateway.telemetry.own_work import OWN_WORK


async def look_again_and_again(
    look: Callable[[], Awaitable[None]],
    wake: asyncio.Event | None,
    seconds: float,
    away: Callable[[StateUnavailable], None],
) -> None:
    """Call `look` at once, then every so many seconds and as soon as `wake` is set, until cancelled.

    A store that is away is waited for; `away` is told of it each time.
    """
    wake = wake or asyncio.Event()
    while True:
        try:
            await look()
        except StateUnavailable as error:
            with OWN_WORK.failed("look"):
                away(error)
        try:
            async with asyncio.timeout(seconds_to_next_look(seconds)):
                await wake.wait()
        except TimeoutError:
            pass
        wake.clear()
