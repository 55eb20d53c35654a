"""Watchdogs as the store knows them, so that every replica shows the same."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from prometheus_client import CollectorRegistry, Gauge

from gateway.model.watchdog import WatchdogStatus


class WatchdogMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        gauge = partial(Gauge, registry=registry)
        self._last = gauge(
            "gateway_watchdog_last_heartbeat_timestamp_seconds", "When its last heartbeat came, 0 for never", ["watchdog"]
        )
        self._missing = gauge("gateway_watchdog_missing", "1 while its heartbeat is missing", ["watchdog"])

    def heard(self, listed: Sequence[WatchdogStatus]) -> None:
        """All that there are."""
        self._last.clear()
        self._missing.clear()
        for one in listed:
            self._last.labels(one.rule.name).set(one.last / 1000)
            self._missing.labels(one.rule.name).set(bool(one.missing_since))
