"""What the metrics know of each source, and what they cannot know."""

from __future__ import annotations

import pytest

from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.verdict import Outcome, Reason, Taken
from gateway.telemetry.metrics import Metrics
from gateway.telemetry.source_metrics import AHEAD_WORTH_SAYING_MS, LAG_WINDOW_MS, Lag

NOW = 1_800_000_000_000


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def metrics_of(*sources: str) -> Metrics:
    metrics = Metrics()
    metrics.sources.configured(sources)
    return metrics


def opened(source: str = "eu", at: int = NOW) -> Taken:
    return Taken(source, Outcome.OPENED, Reason.FIRST_FIRING, at)


def test_every_source_is_shown_from_the_start() -> None:
    metrics = metrics_of("eu", "us")
    assert value(metrics, "gateway_source_alerts_total", source="us", outcome="opened") == 0
    assert value(metrics, "gateway_source_last_seen_timestamp_seconds", source="us") == 0
    assert value(metrics, "gateway_source_least_lag_seconds", source="us") is None, (
        "nothing is known of its clock"
    )


def test_what_a_source_sends_counts_as_its_own_and_as_a_sign_of_life() -> None:
    metrics = metrics_of("eu", "us")
    repeated = Taken("eu", Outcome.REPEATED, Reason.STILL_FIRING)
    metrics.taken([repeated, repeated, opened(), repeated], NOW)
    assert value(metrics, "gateway_source_alerts_total", source="eu", outcome="repeated") == 3
    assert value(metrics, "gateway_source_alerts_total", source="us", outcome="opened") == 0
    assert value(metrics, "gateway_source_last_seen_timestamp_seconds", source="eu") == NOW / 1000


def test_a_clock_that_is_ahead_shows_below_zero_whatever_waits_on_the_way() -> None:
    metrics = metrics_of("eu")
    metrics.taken([opened(at=NOW + 90 * SECOND)], NOW)
    metrics.taken([opened(at=NOW - MINUTE)], NOW + SECOND)
    assert value(metrics, "gateway_source_least_lag_seconds", source="eu") == -90


def test_a_repeat_says_nothing_of_the_clock() -> None:
    metrics = metrics_of("eu")
    metrics.taken([Taken("eu", Outcome.REPEATED, Reason.STILL_FIRING)], NOW)
    assert value(metrics, "gateway_source_least_lag_seconds", source="eu") is None


def test_a_clock_that_is_set_right_is_forgiven_after_two_windows() -> None:
    lag = Lag()
    assert lag.least(-90, NOW) == -90
    assert lag.least(30, NOW + LAG_WINDOW_MS) == -90
    assert lag.least(30, NOW + 2 * LAG_WINDOW_MS) == 30
    assert lag.least(50, NOW + 9 * LAG_WINDOW_MS) == 50, "what was long ago counts no more"


@pytest.mark.parametrize(
    ("lag", "ahead"),
    [
        pytest.param(-2 * HOUR, {"eu": 2 * HOUR}, id="a clock that is ahead"),
        pytest.param(-AHEAD_WORTH_SAYING_MS, {"eu": AHEAD_WORTH_SAYING_MS}, id="just enough"),
        pytest.param(1 - AHEAD_WORTH_SAYING_MS, {}, id="as far apart as any two clocks"),
        pytest.param(HOUR, {}, id="a clock that is behind, or a wait on the way"),
    ],
)
def test_a_source_is_named_by_how_much_its_clock_is_ahead(lag: int, ahead: dict[str, int]) -> None:
    metrics = metrics_of("eu", "us")
    metrics.taken([Taken("eu", Outcome.OPENED, Reason.FIRST_FIRING, NOW - lag)], NOW)
    assert metrics.sources.ahead(NOW) == ahead


def test_what_is_known_of_a_clock_counts_for_two_windows() -> None:
    lag = Lag()
    assert lag.lately(NOW) is None
    lag.least(-90, NOW)
    assert lag.lately(NOW + LAG_WINDOW_MS) == -90
    lag.least(30, NOW + LAG_WINDOW_MS)
    assert lag.lately(NOW + LAG_WINDOW_MS) == -90
    assert lag.lately(NOW + 2 * LAG_WINDOW_MS) == 30
    assert lag.lately(NOW + 3 * LAG_WINDOW_MS) is None


def test_a_source_that_the_rules_name_no_more_is_shown_no_more() -> None:
    metrics = metrics_of("eu", "us")
    metrics.taken([opened("us")], NOW)
    metrics.sources.configured(["eu"])
    metrics.taken([opened("us")], NOW)
    assert value(metrics, "gateway_source_last_seen_timestamp_seconds", source="us") is None
    assert value(metrics, "gateway_source_least_lag_seconds", source="us") is None


def test_questions_count_by_whether_a_peer_answered() -> None:
    metrics = metrics_of("eu")
    metrics.asked("eu", 1, 2)
    assert value(metrics, "gateway_source_questions_total", source="eu", answer="answered") == 1
    assert value(metrics, "gateway_source_questions_total", source="eu", answer="silent") == 2


def test_what_is_concluded_counts_apart_and_is_no_sign_of_life() -> None:
    metrics = metrics_of("eu")
    metrics.taken([Taken("eu", Outcome.ENDED, Reason.INFERRED, inferred=True)] * 2, NOW)
    assert (
        value(metrics, "gateway_source_inferences_total", source="eu", outcome="ended", reason="inferred")
        == 2
    )
    assert value(metrics, "gateway_source_alerts_total", source="eu", outcome="ended") == 0
    assert value(metrics, "gateway_source_last_seen_timestamp_seconds", source="eu") == 0
