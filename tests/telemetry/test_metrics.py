"""Metrics: what is counted under which name, bounded, and readable by Prometheus."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from gateway.model.agenda import Subject
from gateway.model.verdict import Outcome, Reason, Taken
from gateway.telemetry.metrics import MAX_DESTINATIONS, Metrics
from gateway.telemetry.process_metrics import OUTCOMES_OF


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_every_outcome_of_an_observation_is_shown_from_the_start() -> None:
    assert {outcome for outcomes in OUTCOMES_OF.values() for outcome in outcomes} == set(Outcome)
    for reason, outcomes in OUTCOMES_OF.items():
        for outcome in outcomes:
            assert value(Metrics(), "gateway_observations_total", outcome=outcome, reason=reason) == 0


def test_two_sets_of_metrics_share_nothing() -> None:
    one, other = Metrics(), Metrics()
    one.webhook(200, "taken", 1, 0, 0.1)
    assert value(one, "gateway_webhooks_total", status="200", reason="taken") == 1
    assert value(other, "gateway_webhooks_total", status="200", reason="taken") is None


def test_a_webhook_counts_by_its_answer_with_its_time_and_what_was_left_out() -> None:
    metrics = Metrics()
    metrics.webhook(200, "taken", 5, 3, 0.02)
    metrics.webhook(503, "store_away", 5, 0, 0.5)
    assert value(metrics, "gateway_webhooks_total", status="503", reason="store_away") == 1
    assert value(metrics, "gateway_webhook_seconds_sum") == 0.52
    assert value(metrics, "gateway_truncated_alerts_total") == 3


def test_a_hostile_number_of_alerts_left_out_lowers_no_counter() -> None:
    metrics = Metrics()
    metrics.webhook(200, "taken", 0, -5, 0.0)
    assert value(metrics, "gateway_truncated_alerts_total") == 0


def test_verdicts_count_by_outcome_and_reason() -> None:
    metrics = Metrics()
    opened = Taken("default", Outcome.OPENED, Reason.FIRST_FIRING)
    repeated = Taken("default", Outcome.REPEATED, Reason.STILL_FIRING)
    metrics.taken([opened, opened, repeated, opened], 0)
    assert value(metrics, "gateway_observations_total", outcome="opened", reason="first_firing") == 3
    assert value(metrics, "gateway_observations_total", outcome="repeated", reason="still_firing") == 1


def test_destinations_beyond_the_bound_share_one_name() -> None:
    metrics = Metrics()
    for number in range(MAX_DESTINATIONS + 20):
        metrics.delivered(f"team-{number}", "told", 0.1)
    metrics.delivered("team-0", "told", 0.1)
    assert value(metrics, "gateway_deliveries_total", destination="other", outcome="told") == 20
    assert value(metrics, "gateway_deliveries_total", destination="team-0", outcome="told") == 2


def test_faults_count_by_the_kind_of_subject_and_never_by_its_name() -> None:
    metrics = Metrics()
    metrics.failed(Subject.plan("incident-1"), ValueError())
    metrics.failed(Subject.plan("incident-2"), ValueError())
    assert value(metrics, "gateway_subject_failures_total", kind="plan") == 2


def test_only_the_revision_in_force_is_shown() -> None:
    metrics = Metrics()
    metrics.rules("one", 1_000, 1, ())
    metrics.rules("two", 2_000, 2, ())
    metrics.rules_rejected(True)
    assert value(metrics, "gateway_rules_loaded_timestamp_seconds", revision="one") is None
    assert value(metrics, "gateway_rules_loaded_timestamp_seconds", revision="two") == 2
    assert value(metrics, "gateway_rules_generation") == 2
    assert value(metrics, "gateway_rules_rejected") == 1


def test_what_is_shown_can_be_read_by_prometheus() -> None:
    metrics = Metrics()
    metrics.delivered('a "quoted"\nname', "told", 0.1)
    text, content_type = metrics.render()
    names = {family.name for family in text_string_to_metric_families(text.decode())}
    assert {"gateway_deliveries", "gateway_store_up", "gateway_agenda_subjects"} <= names
    assert content_type.startswith("text/plain")


def test_lost_races_are_shown_by_transaction_as_they_grow() -> None:
    metrics = Metrics()
    metrics.retried({"webhook": 2})
    metrics.retried({"webhook": 5, "plan": 1})
    assert value(metrics, "gateway_transaction_retries_total", transaction="webhook") == 5
    assert value(metrics, "gateway_transaction_retries_total", transaction="plan") == 1


def test_what_was_committed_together_is_counted_by_what_became_of_it() -> None:
    metrics = Metrics()
    metrics.batch("webhooks", "fault")
    metrics.batch("plans", "done")
    metrics.background_ended("Auditor.run", "fault")
    assert value(metrics, "gateway_batches_total", what="webhooks", outcome="fault") == 1
    assert value(metrics, "gateway_batches_total", what="plans", outcome="done") == 1
    assert value(metrics, "gateway_background_failures_total", work="Auditor.run", end="fault") == 1


def test_alerts_with_unknown_severities_are_counted_on_when_rules_that_begin_anew_come_into_force() -> None:
    metrics = Metrics()
    for strange in (2, 5, 1, 4):
        metrics.state(store_up=True, lost_races=0, in_flight=0, strange=strange)
    assert metrics.registry.get_sample_value("gateway_unknown_severities_total") == 5 + 4
