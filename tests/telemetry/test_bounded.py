"""Labels that users fill are bounded, and what the store counts begins with its first reading."""

from __future__ import annotations

import pytest

from gateway.model.agenda import NOTHING_ON_AGENDA
from gateway.telemetry.bounded import Bounded
from gateway.telemetry.metrics import MAX_OUTCOMES, MAX_RULES, Metrics
from gateway.telemetry.source_metrics import MAX_SOURCES
from tests.telemetry.test_metrics import value


def audited(metrics: Metrics, **counted: int) -> None:
    metrics.audited(counted, NOTHING_ON_AGENDA.depth, NOTHING_ON_AGENDA.oldest)


def test_a_name_that_has_a_place_keeps_it_and_all_further_ones_are_other() -> None:
    bounded = Bounded(2)
    assert [bounded(name) for name in ("a", "b", "c", "a", "d")] == ["a", "b", "other", "a", "other"]


def test_sources_beyond_the_bound_share_one_name() -> None:
    metrics = Metrics()
    names = [f"source-{number:03}" for number in range(MAX_SOURCES + 3)]
    metrics.sources.configured(names)
    for name in names:
        metrics.turned_away(name, "malformed", 1)
        metrics.asked(name, 1, 0)
    assert value(metrics, "gateway_turned_away_total", source="other", reason="malformed") == 3
    assert value(metrics, "gateway_source_questions_total", source="other", answer="answered") == 3
    assert value(metrics, "gateway_source_questions_total", source=names[-1], answer="answered") is None


def test_of_sources_that_share_a_name_the_one_that_is_silent_for_longest_is_shown() -> None:
    metrics = Metrics()
    names = [f"source-{number:03}" for number in range(MAX_SOURCES + 2)]
    metrics.sources.configured(names)
    shown = "gateway_source_last_seen_timestamp_seconds"
    metrics.sources._heard_at[names[-1]] = 5_000
    metrics.sources._show_heard(names[-1])
    assert value(metrics, shown, source="other") == 0, "the other one was never heard"
    metrics.sources.configured(names[:-2])
    assert value(metrics, shown, source="other") is None


def test_rules_and_the_words_of_vendors_are_bounded_too() -> None:
    metrics = Metrics()
    rules = [("route", f"rule-{number:03}") for number in range(MAX_RULES + 2)]
    metrics.rules("one", 1, 1, rules)
    audited(metrics, **{f"matches:route:{rule}": 2 for _, rule in rules})
    assert value(metrics, "gateway_rule_matches_total", kind="route", rule="other") == 4
    for number in range(MAX_OUTCOMES + 5):
        metrics.delivered("chat", f"word-{number}", 0.1)
    assert value(metrics, "gateway_deliveries_total", destination="chat", outcome="other") == 5


def test_the_matches_of_a_rule_that_has_gone_are_shown_no_more() -> None:
    metrics = Metrics()
    metrics.rules("one", 1, 1, [("route", "pay"), ("inhibit", "pay")])
    audited(metrics, **{"matches:route:pay": 3})
    assert value(metrics, "gateway_rule_matches_total", kind="route", rule="pay") == 3
    assert value(metrics, "gateway_rule_matches_total", kind="inhibit", rule="pay") == 0
    metrics.rules("two", 2, 2, [("route", "all")])
    audited(metrics, **{"matches:route:pay": 3})
    assert value(metrics, "gateway_rule_matches_total", kind="route", rule="pay") is None


@pytest.mark.parametrize(
    ("name", "counter"),
    [
        ("gateway_quarantine_evicted_total", "quarantine_evicted"),
        ("gateway_crowded_copies_total", "crowded_copies"),
        ("gateway_labels_cut_total", "labels_cut"),
        ("gateway_dead_letters_total", "dead_letters"),
    ],
)
def test_a_counter_of_the_store_has_no_series_before_its_first_reading(name: str, counter: str) -> None:
    """One that began with 0 here would look, after a restart, as if all of it had happened just now."""
    metrics = Metrics()
    assert value(metrics, name) is None
    audited(metrics)
    assert value(metrics, name) == 0
    audited(metrics, **{counter: 7})
    assert value(metrics, name) == 7


def test_lost_races_grow_as_the_process_has_lost_them() -> None:
    metrics = Metrics()
    for lost in (2, 5):
        metrics.state(store_up=True, lost_races=lost, in_flight=0, strange=0)
    assert value(metrics, "gateway_lost_races_total") == 5
