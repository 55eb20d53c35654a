"""The webhook that is worked on, in each line that is logged meanwhile.

structlog's own variables of a context cost more than the rest of a line: each look goes through all
variables.
"""

from __future__ import annotations

from contextvars import ContextVar, Token
from types import TracebackType

from structlog.typing import EventDict, WrappedLogger

CORRELATION = "correlation"  # the field that the lines of one webhook have in common, deliveries included

_current: ContextVar[str | None] = ContextVar(CORRELATION, default=None)


class correlated:  # noqa: N801 - it reads as a verb, like those of contextlib
    """Have each line that is logged inside, in tasks begun there too, carry this id."""

    __slots__ = ("_correlation", "_token")

    def __init__(self, correlation: str) -> None:
        self._correlation = correlation
        self._token: Token[str | None] | None = None

    def __enter__(self) -> None:
        self._token = _current.set(self._correlation)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._token is not None
        _current.reset(self._token)


def correlation_of_line(event: EventDict) -> str:
    """Return the correlation that a line has, or is about to get; empty for a line of nothing in particular."""
    return str(event.get(CORRELATION) or _current.get() or "")


def add_correlation(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Name the webhook in a line of the log, as a processor of structlog."""
    correlation = _current.get()
    if correlation is not None:
        event.setdefault(CORRELATION, correlation)
    return event
