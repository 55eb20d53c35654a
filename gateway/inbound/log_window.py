"""A bound on log lines that anybody could cause: a minute has so many, and then one with the sum of the rest."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping

LINES_A_MINUTE = 60
WINDOW_SECONDS = 60.0
ADDRESSES_IN_SUM = 10

SumUp = Callable[[int, Mapping[str, int], Mapping[str, int]], None]


class LogWindow:
    """Says which requests still have a line of their own. `sum_up` is
    called with how many had none in a minute, by status and by address.
    """

    def __init__(self, sum_up: SumUp) -> None:
        self._sum_up = sum_up
        self._window: asyncio.TimerHandle | None = None
        self._lines = 0
        self._unlogged: Counter[int] = Counter()  # by status
        self._addresses: Counter[str] = Counter()  # of what was not logged

    def has_room(self, status: int, address: str) -> bool:
        """Return whether a request may be logged; count it for the sum where it may not."""
        if self._window is None:
            self._window = asyncio.get_running_loop().call_later(WINDOW_SECONDS, self._end)
        if self._lines < LINES_A_MINUTE:
            self._lines += 1
            return True
        self._unlogged[status] += 1
        if address in self._addresses or len(self._addresses) < ADDRESSES_IN_SUM:
            self._addresses[address] += 1
        return False

    def _end(self) -> None:
        if self._unlogged:
            statuses = {str(status): count for status, count in self._unlogged.items()}
            self._sum_up(self._unlogged.total(), statuses, dict(self._addresses))
        self._window, self._lines = None, 0
        self._unlogged, self._addresses = Counter(), Counter()
