"""A counter of every event of the log, so that an alert can be made of any of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector
from structlog.typing import EventDict, WrappedLogger

from gateway.telemetry.bounded import Bounded

NAME = "gateway_log_events"
MEANING = (
    "Events of the gateway's own log by name, counted whether their line is written or not: a level or a sample that"
    " leaves lines out leaves none out here"
)
LABELS = ("event", "level")
MAX_EVENTS = 300
LEVELS = {
    "warn": "warning",
    "exception": "error",
}  # by the methods of a logger that are not named for their level


class EventCounter(Collector):
    """A processor of the log that counts, and a collector that shows what it has counted."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._bounded = Bounded(MAX_EVENTS)

    def __call__(self, _logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        self._counts[self._bounded(str(event["event"])), LEVELS.get(method, method)] += 1
        return event

    def collect(self) -> Iterable[CounterMetricFamily]:
        family = CounterMetricFamily(NAME, MEANING, labels=LABELS)
        # Rendered in another thread: a copy is not changed meanwhile.
        for (event, level), count in self._counts.copy().items():
            family.add_metric((event, level), count)
        yield family


EVENTS = EventCounter()
"""A process has one log, so all of its gateways show the same figures."""
