"""Work that would hold up the loop is done aside, in threads that nobody waits for when the process ends."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

Done = TypeVar("Done")


class Aside:
    """Does at most `threads` pieces of work at once; a further one waits for its turn."""

    def __init__(self, name: str, threads: int) -> None:
        self._name = name
        self._most = threads
        self._threads: list[_Thread] = []

    async def run(self, work: Callable[[], Done]) -> Done:
        """Return what the work returns, or raise what it raises.

        A caller that gives up leaves work alone that has begun, and has it dropped where it has not.
        """
        thread, left = self._least_busy(), threading.Event()
        thread.pieces += 1
        try:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_do(work, left), thread.loop))
        finally:
            left.set()
            thread.pieces -= 1

    def _least_busy(self) -> _Thread:
        found = min(self._threads, key=lambda thread: thread.pieces, default=None)
        if found is None or (found.pieces and len(self._threads) < self._most):
            found = _Thread(self._name)
            self._threads.append(found)
        return found


class _Thread:
    """A thread with a loop of its own; `pieces` are under way in it, or wait for it."""

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.pieces = 0
        # A daemon, since the process must be able to end while a pattern is matched.
        threading.Thread(target=self.loop.run_forever, name=name, daemon=True).start()


async def _do(work: Callable[[], Done], left: threading.Event) -> Done:
    if left.is_set():  # its caller gave up while other work was under way in this thread
        raise asyncio.CancelledError
    return work()
