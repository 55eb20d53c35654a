"""A counter that is kept in the store: the process shows what it has read there, and adds nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector


class StoredCounter(Collector):
    """It has no series before the first reading. A replica that began with 0 and found a million at its
    second look would look as if all of that had happened in between.
    """

    def __init__(self, name: str, meaning: str, labels: Sequence[str] = ()) -> None:
        self._name, self._meaning, self._labels = name, meaning, tuple(labels)
        self._readings: dict[tuple[str, ...], int] = {}

    def read(self, reading: int, *values: str) -> None:
        """Show this reading under these values of the labels."""
        self._readings[values] = reading

    def only(self, values: Iterable[tuple[str, ...]]) -> None:
        """Take the series of all other values away."""
        self._readings = {kept: self._readings[kept] for kept in values if kept in self._readings}

    def collect(self) -> Iterable[CounterMetricFamily]:
        family = CounterMetricFamily(self._name, self._meaning, labels=self._labels)
        # Rendered in another thread: a copy is not changed meanwhile.
        for values, reading in self._readings.copy().items():
            family.add_metric(values, reading)
        yield family
