"""The gateway's own lines go from structlog straight into the log.

The standard library would make a record of each, search the stack for who logged it, and copy the record
before it is written. Nothing of that stands in a line, and it took half of a line's time.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

# The methods of a logger with the levels of their lines
LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "exception": logging.ERROR,
    "critical": logging.CRITICAL,
}


class LineHandler(logging.StreamHandler[TextIO]):
    """Writes the lines of other libraries, and between them those that are made already."""

    def write(self, line: str) -> None:
        self.acquire()
        try:
            self.stream.write(line + self.terminator)
            self.stream.flush()
        # A disk that is full or a pipe that is closed must not become a fault of whoever logs.
        except (OSError, ValueError):
            self.handleError(logging.makeLogRecord({"msg": line}))
        finally:
            self.release()


class OwnLogger:
    """What structlog hands the lines of one name to.

    Their level is that of the standard library's logger of this name, so a change of it counts for both.
    """

    __slots__ = ("_write", "is_enabled_for", "name")

    def __init__(self, name: str, write: Callable[[str], None]) -> None:
        self.name = name
        self.is_enabled_for = logging.getLogger(name).isEnabledFor
        self._write = write

    def debug(self, line: str) -> None:
        self._write(line)

    info = warning = error = exception = critical = debug


def by_level(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Drop the lines below the level that is in force now, as a processor of structlog."""
    if logger.is_enabled_for(LEVELS[method]):
        return event
    raise structlog.DropEvent
