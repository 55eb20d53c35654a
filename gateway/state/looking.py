"""Look again and again at something in the store: regularly, and at once when something new was noted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from gateway.errors import StateUnavailable


async def look_again_and_again(
    look: Callable[[], Awaitable[None]],
    wake: asyncio.Event | None,
    seconds: float,
    away: Callable[[StateUnavailable], None],
) -> None:
    """Call `look` every so many seconds, and as soon as `wake` is set, where there is one, until cancelled.

    A store that is away is waited for; `away` is told of it each time.
    """
    wake = wake or asyncio.Event()
    while True:
        try:
            await look()
        except StateUnavailable as error:
            away(error)
        try:
            async with asyncio.timeout(seconds):
                await wake.wait()
        except TimeoutError:
            pass
        wake.clear()
