"""Metrics that find the series of given labels again by one look into a dictionary.

The client's own `labels` checks the number of the labels, makes texts of them and takes a lock each
time, which costs as much as all else that counting does.
"""

from __future__ import annotations

from typing import Self

import prometheus_client
from prometheus_client.metrics import MetricWrapperBase


class _KeptSeries(MetricWrapperBase):
    def labels(self, *labelvalues: object, **labelkwargs: object) -> Self:
        # The client's own dictionary, so that a series that is removed is not found any more
        series: Self | None = self._metrics.get(labelvalues)  # type: ignore[arg-type, assignment]
        return series if series is not None else super().labels(*labelvalues, **labelkwargs)


class Counter(_KeptSeries, prometheus_client.Counter):
    pass


class Gauge(_KeptSeries, prometheus_client.Gauge):
    pass


class Histogram(_KeptSeries, prometheus_client.Histogram):
    pass


class Summary(_KeptSeries, prometheus_client.Summary):
    pass
