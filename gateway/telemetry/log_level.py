"""The level from which on this process logs, which a person may change for a while."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import Literal, get_args

import structlog

from gateway.clock import utc_ms
from gateway.model.durations import SECOND

log = structlog.get_logger("gateway.log")

Level = Literal["debug", "info", "warning", "error"]
LEVELS: tuple[Level, ...] = get_args(Level)


@dataclass(slots=True)
class LogLevel:
    """`given` is the level of the settings; `until` (ms) is when it is in force again, None where nothing ends."""

    given: str
    now: str = ""
    until: int | None = None
    _end: asyncio.TimerHandle | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.now = self.now or self.given

    def change(self, level: str, lasts: int | None, by: str) -> None:
        """Log from this level on, for so many ms; None: until it is changed again or this process ends."""
        if self._end is not None:
            self._end.cancel()
        self.until = None if lasts is None else utc_ms() + lasts
        self._end = None
        if lasts is not None:
            self._end = asyncio.get_running_loop().call_later(lasts / SECOND, self._back)
        self._set(level, by)

    def _back(self) -> None:
        self.until, self._end = None, None
        self._set(self.given, "its time is over")

    def _set(self, level: str, by: str) -> None:
        before, self.now = self.now, level
        # Whoever reads the log has to see at either level that less or more is written from here on.
        log.warning("log_level_changed", before=before, level=level, by=by)
        logging.getLogger().setLevel(level.upper())
