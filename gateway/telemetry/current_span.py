"""The span that is under way, for the log and the metrics. It is None while nothing of this is in a trace.

Nothing here needs OpenTelemetry: without tracing nobody ever sets it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from structlog.typing import EventDict, WrappedLogger

from gateway.ports.spans import Span

CURRENT: ContextVar[Span | None] = ContextVar("span", default=None)


@contextmanager
def under_way(span: Span) -> Iterator[Span]:
    """Have what is done inside, its log lines and its measurements belong to a span."""
    token = CURRENT.set(span)
    try:
        yield span
    finally:
        CURRENT.reset(token)


def exemplar() -> dict[str, str] | None:
    """Return what leads from a measurement to its trace; Prometheus keeps it where it stores exemplars."""
    span = CURRENT.get()
    return None if span is None else {"trace_id": span.trace_id}


def add_trace_ids(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Name the trace in a line of the log, as a processor of structlog."""
    span = CURRENT.get()
    if span is not None:
        event["trace_id"], event["span_id"] = span.trace_id, span.span_id
    return event
