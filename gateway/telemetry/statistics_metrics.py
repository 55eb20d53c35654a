"""Metrics of the statistics, taken from the store, so that every replica shows the same."""

from __future__ import annotations

from functools import partial

from gateway.model.statistics.summary import Summary
from gateway.telemetry.catalogue import Catalogue, Lives


class StatisticsMetrics:
    """All are of the last four weeks. What cannot be said has no series."""

    def __init__(self, catalogue: Catalogue) -> None:
        gauge = partial(catalogue.gauge, lives=Lives.STORE)
        self._counts = gauge("gateway_statistics_events", "Pages, labels and misses of four weeks", ["what"])
        self._shares = gauge(
            "gateway_statistics_ratio", "Precision and other shares of four weeks, from 0 to 1", ["figure"]
        )
        self._seconds = gauge(
            "gateway_statistics_seconds", "Times to acknowledge, to end and between failures", ["figure"]
        )
        self._made_at = gauge("gateway_statistics_made_timestamp_seconds", "When these figures were made")

    def show(self, summary: Summary) -> None:
        for family, figures in (
            (self._counts, summary.counts),
            (self._shares, summary.shares),
            (self._seconds, summary.seconds),
        ):
            family.clear()
            for name, figure in figures.items():
                family.labels(name).set(figure)
        self._made_at.set(summary.made_at / 1000)
