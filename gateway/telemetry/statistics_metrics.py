"""Metrics of the statistics, taken from the store, so that every replica shows the same."""

from __future__ import annotations

from functools import partial

from prometheus_client import CollectorRegistry, Gauge

from gateway.model.statistics.summary import Summary


class StatisticsMetrics:
    """All are of the last four weeks. What cannot be said has no series."""

    def __init__(self, registry: CollectorRegistry) -> None:
        gauge = partial(Gauge, registry=registry)
        self._counts = gauge("gateway_statistics_count", "Pages, labels and misses of four weeks", ["what"])
        self._shares = gauge(
            "gateway_statistics_ratio", "Precision and other shares of four weeks, from 0 to 1", ["figure"]
        )
        self._seconds = gauge(
            "gateway_statistics_seconds", "Times to acknowledge, to end and between failures", ["figure"]
        )
        self._rules = gauge(
            "gateway_statistics_rule_pages",
            "Pages of four weeks of the alert names that page most",
            ["alertname", "label"],
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
        self._rules.clear()
        for rule in summary.rules:
            labelled = {"actionable": rule.actionable, "noise": rule.noise}
            labelled["none"] = rule.pages - rule.actionable - rule.noise
            for label, pages in labelled.items():
                self._rules.labels(rule.alertname, label).set(pages)
        self._made_at.set(summary.made_at / 1000)
