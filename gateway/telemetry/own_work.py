"""The spans of the gateway's own work that has failed: of its loops, which no webhook, request or
subject begins.

A loop comes round every few seconds and says nothing while all goes well, so only a round that has
failed has a span.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gateway.ports.spans import Spans


class OwnWork:
    """`spans` begins the spans. It is None while there is no tracing."""

    def __init__(self) -> None:
        self.spans: Spans | None = None

    @contextmanager
    def failed(self, work: str) -> Iterator[None]:
        """Have what is said of a round that has failed belong to a span, if it is in the sample."""
        span = self.spans.alone(work) if self.spans is not None else None
        if span is None:
            yield
            return
        span.fail()
        try:
            with span.current():
                yield
        finally:
            span.end()


OWN_WORK = OwnWork()
"""A process has one log, and so one of these."""
