"""The catalogue of the metrics: each is made through it, and says what it means and where its figure lives.

`docs/metrics.md` is written from it (`reference.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from prometheus_client import CollectorRegistry, ProcessCollector, disable_created_metrics

from gateway.telemetry.event_counter import LABELS, MEANING, NAME, EventCounter
from gateway.telemetry.kept_series import Counter, Gauge, Histogram, Summary
from gateway.telemetry.stored_counter import StoredCounter

# A series that only says when another one began doubles what
# Prometheus keeps, and no query of ours asks for it.
disable_created_metrics()  # type: ignore[no-untyped-call]

UNITS = {"seconds": "seconds", "bytes": "bytes", "ratio": "ratio, 0 to 1"}


class Lives(StrEnum):
    """The place where a figure lives, by which the replicas' series are joined."""

    STORE = "store"  # every replica shows the same figure: `max`
    PROCESS = "process"  # every replica shows its own share: `sum`


class Described(NamedTuple):
    """One metric as users see it: its name in queries, with `_total` where it is a counter."""

    name: str
    kind: str
    unit: str
    labels: tuple[str, ...]
    lives: Lives
    meaning: str


class Catalogue:
    """Makes metrics in one registry, and knows all of them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.described: list[Described] = []

    def counter(self, name: str, meaning: str, labels: Sequence[str] = ()) -> Counter:
        """Make a counter of this process; `_total` is added to its name."""
        self._describe(f"{name}_total", "counter", labels, Lives.PROCESS, meaning)
        return Counter(name, meaning, labels, registry=self.registry)

    def stored_counter(self, name: str, meaning: str, labels: Sequence[str] = ()) -> StoredCounter:
        """Make a counter that is kept in the store; `_total` is added to its name."""
        self._describe(f"{name}_total", "counter", labels, Lives.STORE, meaning)
        counter = StoredCounter(name, meaning, labels)
        self.registry.register(counter)
        return counter

    def gauge(
        self, name: str, meaning: str, labels: Sequence[str] = (), lives: Lives = Lives.PROCESS
    ) -> Gauge:
        self._describe(name, "gauge", labels, lives, meaning)
        return Gauge(name, meaning, labels, registry=self.registry)

    def histogram(
        self, name: str, meaning: str, labels: Sequence[str] = (), *, buckets: Sequence[float]
    ) -> Histogram:
        self._describe(name, "histogram", labels, Lives.PROCESS, meaning)
        return Histogram(name, meaning, labels, buckets=buckets, registry=self.registry)

    def summary(self, name: str, meaning: str, labels: Sequence[str] = ()) -> Summary:
        """Make a count and a sum, without quantiles: cheap enough for each step of the path."""
        self._describe(name, "summary", labels, Lives.PROCESS, meaning)
        return Summary(name, meaning, labels, registry=self.registry)

    def events(self, events: EventCounter) -> None:
        """Add the counter of the log's events, which is fed by the log itself."""
        self._describe(f"{NAME}_total", "counter", LABELS, Lives.PROCESS, MEANING)
        self.registry.register(events)

    def process(self) -> None:
        """Add what the operating system says of this process."""
        for family in ProcessCollector(registry=self.registry).collect():
            name = f"{family.name}_total" if family.type == "counter" else family.name
            self._describe(name, family.type, (), Lives.PROCESS, family.documentation.rstrip("."))

    def _describe(self, name: str, kind: str, labels: Iterable[str], lives: Lives, meaning: str) -> None:
        self.described.append(Described(name, kind, unit_of(name), tuple(labels), lives, meaning))


def unit_of(name: str) -> str:
    """Return the unit that stands in a name; what has none counts things."""
    return next((unit for word, unit in UNITS.items() if word in name.split("_")), "count")
