"""Metrics of watchdogs, taken from the store, so that every replica shows the same."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from prometheus_client import CollectorRegistry, Gauge

from gateway.model.watchdog import WatchdogStatus


class WatchdogMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        gauge = partial(Gauge, registry=registry)
        self._last = gauge(
            "gateway_watchdog_last_heartbeat_timestamp_seconds",
            "When its last heartbeat came, 0 for never",
            ["watchdog"],
        )
        self._missing = gauge("gateway_watchdog_missing", "1 while its heartbeat is missing", ["watchdog"])

    def heard(self, statuses: Sequence[WatchdogStatus]) -> None:
        """Set the metrics of all watchdogs; one that is not among `statuses` has no series any more."""
        self._last.clear()
        self._missing.clear()
        for status in statuses:
            self._last.labels(status.rule.name).set((status.last or 0) / 1000)
            self._missing.labels(status.rule.name).set(bool(status.missing_since))
