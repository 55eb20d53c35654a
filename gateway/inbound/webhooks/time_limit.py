"""One timer gives each of many pieces of work the same time.

A timer for each would be set and cancelled with every webhook: hardly any runs out.
"""

from __future__ import annotations

import asyncio
from types import TracebackType


class TimeLimit:
    """Gives each task that is inside `begun` so many seconds, and ends it then with `TimeoutError`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._under_way: dict[_Begun, float] = {}  # with their ends: the first to begin is the first to end
        self._timer: asyncio.TimerHandle | None = None

    def begun(self) -> _Begun:
        """Return what the time runs in, as a context: `with limit.begun(): await …`."""
        return _Begun(self)

    def add(self, begun: _Begun) -> None:
        loop = asyncio.get_running_loop()
        self._under_way[begun] = end = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_at(end, self._look)

    def discard(self, begun: _Begun) -> bool:
        """Return whether it ended in time."""
        return self._under_way.pop(begun, None) is not None

    def _look(self) -> None:
        """End what has had its time, and look again when the next one has had it."""
        self._timer, loop = None, asyncio.get_running_loop()
        for begun, end in list(self._under_way.items()):
            if end > loop.time():
                self._timer = loop.call_at(end, self._look)
                return
            del self._under_way[begun]
            begun.task.cancel()


class _Begun:
    """This stands for one task under way. The task is cancelled from within as by `asyncio.timeout`, and
    tells that from a cancellation by somebody else in the same way:
    https://docs.python.org/3.11/library/asyncio-task.html#asyncio.Task.uncancel
    """

    __slots__ = ("_cancelled_before", "_limit", "task")

    task: asyncio.Task[object]

    def __init__(self, limit: TimeLimit) -> None:
        self._limit = limit

    def __enter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.task, self._cancelled_before = task, task.cancelling()
        self._limit.add(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._limit.discard(self):
            return
        if self.task.uncancel() <= self._cancelled_before and kind is asyncio.CancelledError:
            raise TimeoutError from error
