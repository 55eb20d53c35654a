"""Say in the log that the store is away: at once, then once a minute, and when it is back."""

from __future__ import annotations

import time
from collections.abc import Callable

import structlog

log = structlog.get_logger("gateway.opening")

SAY_EVERY_SECONDS = 60.0


class StoreWatch:
    """Hears what became of every command. All workers meet a store that is away, and one line says so.

    `place` is where the store is, without a password, `remedy` what to do when it stays away. `reason` says
    why it is away, empty while it answers.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.place = ""
        self.remedy = "is GATEWAY_REDIS_URL right, does that store run, and can it be reached from here?"
        self.reason = ""
        self._clock = clock
        self._said_at: float | None = None
        self._open = False  # that it is away was said, and not yet that it is back

    def hear(self, reason: str) -> None:
        """Take note of a command that failed for `reason`, or of one that was answered (an empty text)."""
        before, self.reason = self.reason, reason
        if not reason:
            if before and self._open:
                self._open = False
                log.info("store_back", store=self.place)
            return
        now = self._clock()
        # A store that answers now and then is said to be away once a minute too, and not at every failure.
        if self._said_at is None or now - self._said_at >= SAY_EVERY_SECONDS:
            self._said_at, self._open = now, True
            log.warning("waiting_for_store", store=self.place, error=reason, remedy=self.remedy)
