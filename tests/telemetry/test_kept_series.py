"""A series is found again by its labels, and not when it was taken away."""

from __future__ import annotations

from enum import StrEnum

import pytest
from prometheus_client import CollectorRegistry

from gateway.telemetry.kept_series import Counter, Gauge


class Outcome(StrEnum):
    OPENED = "opened"


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def test_the_same_labels_are_the_same_series_however_they_are_given(registry: CollectorRegistry) -> None:
    alerts = Counter("alerts", "Alerts", ["source", "outcome"], registry=registry)
    alerts.labels("eu", Outcome.OPENED).inc()
    alerts.labels("eu", "opened").inc()
    alerts.labels(outcome="opened", source="eu").inc()
    assert registry.get_sample_value("alerts_total", {"source": "eu", "outcome": "opened"}) == 3


def test_labels_that_are_no_texts_are_the_series_of_their_text(registry: CollectorRegistry) -> None:
    answers = Counter("answers", "Answers", ["status"], registry=registry)
    answers.labels(200).inc()
    answers.labels("200").inc()
    assert registry.get_sample_value("answers_total", {"status": "200"}) == 2


def test_a_series_that_was_taken_away_begins_anew(registry: CollectorRegistry) -> None:
    heard = Gauge("heard", "When a source was heard", ["source"], registry=registry)
    for take_away in (lambda: heard.remove("eu"), heard.clear):
        heard.labels("eu").set(5)
        take_away()
        assert registry.get_sample_value("heard", {"source": "eu"}) is None
        heard.labels("eu").inc()
        assert registry.get_sample_value("heard", {"source": "eu"}) == 1


def test_a_label_too_few_is_an_error(registry: CollectorRegistry) -> None:
    alerts = Counter("alerts", "Alerts", ["source", "outcome"], registry=registry)
    with pytest.raises(ValueError, match="label count"):
        alerts.labels("eu")
