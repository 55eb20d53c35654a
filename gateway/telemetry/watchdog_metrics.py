"""Metrics of watchdogs, taken from the store, so that every replica shows the same."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from gateway.model.watchdog import WatchdogStatus
from gateway.telemetry.bounded import Bounded
from gateway.telemetry.catalogue import Catalogue, Lives

MAX_WATCHDOGS = 100


class WatchdogMetrics:
    def __init__(self, catalogue: Catalogue) -> None:
        gauge = partial(catalogue.gauge, lives=Lives.STORE)
        self._bounded = Bounded(MAX_WATCHDOGS)
        self._last = gauge(
            "gateway_watchdog_last_heartbeat_timestamp_seconds",
            "When its last heartbeat came, 0 for never",
            ["watchdog"],
        )
        self._missing = gauge("gateway_watchdog_missing", "1 while its heartbeat is missing", ["watchdog"])

    def heard(self, statuses: Sequence[WatchdogStatus]) -> None:
        """Set the metrics of all watchdogs; one that is not among `statuses` has no series any more.

        Where several share a name, it shows the oldest heartbeat, and whether any is missing.
        """
        self._last.clear()
        self._missing.clear()
        named: dict[str, list[WatchdogStatus]] = {}
        for status in statuses:
            named.setdefault(self._bounded(status.rule.name), []).append(status)
        for name, alike in named.items():
            self._last.labels(name).set(min(status.last or 0 for status in alike) / 1000)
            self._missing.labels(name).set(any(status.missing_since for status in alike))
