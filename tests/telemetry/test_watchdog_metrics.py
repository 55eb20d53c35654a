"""Watchdogs are shown as the store knows them."""

from __future__ import annotations

from prometheus_client import CollectorRegistry

from gateway.model.durations import MINUTE
from gateway.model.rules.kinds import Watchdog
from gateway.model.rules.origin import BUILT_IN
from gateway.model.watchdog import WatchdogStatus
from gateway.telemetry.catalogue import Catalogue
from gateway.telemetry.watchdog_metrics import WatchdogMetrics


def status(name: str, last: int, missing_since: int = 0) -> WatchdogStatus:
    return WatchdogStatus(Watchdog(name, BUILT_IN, (), 5 * MINUTE), last, missing_since)


def last_heartbeat(registry: CollectorRegistry, name: str) -> float | None:
    return registry.get_sample_value("gateway_watchdog_last_heartbeat_timestamp_seconds", {"watchdog": name})


def missing(registry: CollectorRegistry, name: str) -> float | None:
    return registry.get_sample_value("gateway_watchdog_missing", {"watchdog": name})


def test_a_watchdog_is_shown_with_its_last_heartbeat_in_seconds_and_whether_it_is_missing() -> None:
    registry = CollectorRegistry()
    WatchdogMetrics(Catalogue(registry)).heard(
        [status("eu", 90_000), status("us", 30_000, missing_since=60_000), status("ap", 0)]
    )
    assert [last_heartbeat(registry, name) for name in ("eu", "us", "ap")] == [90.0, 30.0, 0.0]
    assert [missing(registry, name) for name in ("eu", "us", "ap")] == [0.0, 1.0, 0.0]


def test_a_watchdog_that_the_rules_name_no_more_is_shown_no_more() -> None:
    registry = CollectorRegistry()
    metrics = WatchdogMetrics(Catalogue(registry))
    metrics.heard([status("eu", 90_000), status("us", 30_000)])
    metrics.heard([status("us", 60_000)])
    assert (last_heartbeat(registry, "eu"), missing(registry, "eu")) == (None, None)
    assert last_heartbeat(registry, "us") == 60.0
