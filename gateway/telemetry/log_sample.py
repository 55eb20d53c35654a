"""Write the log lines of a part of all webhooks: each webhook is written whole, or not at all."""

from __future__ import annotations

from zlib import crc32

import structlog
from structlog.typing import EventDict, WrappedLogger

from gateway.telemetry.correlation import correlation_of_line

QUIET_METHODS = frozenset({"debug", "info"})
WHOLE = 1 << 32


class Sample:
    """Drops the lines of webhooks that are not in the sample. Lines of
    nothing in particular, and warnings and worse, are never dropped.

    The same webhook is in the sample of every replica: its correlation id decides.
    """

    def __init__(self, share: float) -> None:
        self._below = share * WHOLE

    def __call__(self, _logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        if method in QUIET_METHODS and not self._holds(event):
            raise structlog.DropEvent
        return event

    def _holds(self, event: EventDict) -> bool:
        correlation = correlation_of_line(event)
        return not correlation or crc32(correlation.encode()) < self._below
