"""A vendor's rate limit: a token bucket per name, by the vendor's own clock."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many calls a second, after a burst of so many."""

    per_second: float = 1.0
    burst: int = 3


class RateLimiter:
    """Counts calls by name; without a pace every call may pass."""

    def __init__(self, pace: RateLimit | None) -> None:
        self._pace = pace
        self._free_at: dict[str, datetime] = {}

    def refuse(self, name: str, now: datetime) -> int:
        """0 when the call may pass, otherwise the whole seconds to wait."""
        if self._pace is None:
            return 0
        step = timedelta(seconds=1 / self._pace.per_second)
        free_at = max(self._free_at.get(name, now), now)
        ahead = free_at - now - step * (self._pace.burst - 1)
        if ahead > timedelta(0):
            return math.ceil(ahead.total_seconds())
        self._free_at[name] = free_at + step
        return 0

    def forget(self) -> None:
        self._free_at.clear()
