"""Background work for as long as the gateway runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from enum import StrEnum

import structlog

log = structlog.get_logger("gateway.background")

RESTART_SECONDS = 5.0  # before work that has ended is begun again
CANCEL_SECONDS = 1.0  # before work that goes on after it was cancelled is cancelled again

Work = Callable[[], Coroutine[None, None, None]]


class EndOfWork(StrEnum):
    """Why work that should go on for ever has ended."""

    FAULT = "fault"
    RETURNED = "returned"
    CANCELLED = "cancelled"  # by a library: not by us, who were not told to stop


def count_nowhere(work: str, end: str) -> None:
    del work, end


def background(stack: AsyncExitStack, work: Work, count: Callable[[str, str], None] = count_nowhere) -> None:
    """Work until the stack ends. Work that ends sooner is logged, counted and begun again.

    `count` is called with the name of the work and an `EndOfWork`.
    """
    stack.push_async_callback(Background(work, count).stop)


class Background:
    """Work that is begun at once, and again where it ends before it is stopped or asked to finish."""

    def __init__(self, work: Work, count: Callable[[str, str], None] = count_nowhere) -> None:
        self._work = work
        self._name: str = getattr(getattr(work, "func", work), "__qualname__", "unnamed")
        self._count = count
        self._stopping = False
        self._restart: asyncio.TimerHandle | None = None
        self._begin()

    def _begin(self) -> None:
        self._task = asyncio.create_task(self._work())
        self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        end, error = _end_of(task)
        if self._stopping and error is None:
            return
        log.error("background_work_failed", work=self._name, end=end.value, exc_info=error)
        self._count(self._name, end)
        if self._stopping:
            return
        self._restart = asyncio.get_running_loop().call_later(RESTART_SECONDS, self._begin)

    async def stop(self) -> None:
        """Cancel the work, and return when it has ended."""
        self._begin_no_more()
        while not self._task.done():  # a library may swallow one cancellation
            self._task.cancel()
            await asyncio.wait([self._task], timeout=CANCEL_SECONDS)

    async def finish(self, ask: Callable[[], None]) -> None:
        """Ask the work to end by itself, and return when it has."""
        self._begin_no_more()
        ask()
        await asyncio.wait([self._task])

    def _begin_no_more(self) -> None:
        self._stopping = True
        if self._restart is not None:
            self._restart.cancel()


def _end_of(task: asyncio.Task[None]) -> tuple[EndOfWork, BaseException | None]:
    if task.cancelled():
        return EndOfWork.CANCELLED, None
    error = task.exception()
    return (EndOfWork.RETURNED if error is None else EndOfWork.FAULT), error
