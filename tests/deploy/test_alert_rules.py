"""The shipped alert rules: what they say is right, and each fires when it should and only then."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from gateway.telemetry.catalogue import Lives
from gateway.telemetry.metrics import Metrics
from tests.support.stack import AGES, ROOT, RULE_FILES, read_yaml, run, shipped_alerts, stack_of

TESTS = ROOT / "deploy/prometheus/tests"
EVALUATION = ROOT / "deploy/prometheus/rules/evaluation.yml"
ALERTS = shipped_alerts()
PARTS = ("_bucket", "_count", "_sum")
LIVES = {metric.name: metric.lives for metric in Metrics().catalogue.described}


def rules_of(name: str) -> list[dict[str, Any]]:
    groups = read_yaml(ROOT / "deploy/prometheus/rules" / name)["groups"]
    return [rule for group in groups for rule in group["rules"]]


EXPRESSIONS = [
    rule["expr"]
    for name in ("gateway.yml", "slo.yml")
    for rule in rules_of(name)
    if "gateway_" in rule["expr"].replace(":gateway_", "")
]
# As these alerts are often seen, and what is wrong with each
OFTEN_SEEN = {
    "HighErrorRate": "rate(evaluation_errors_total[5m]) > 0.1",  # errors a second, of each label set
    "ServiceDown": 'up{job="causal-eval"} == 0',  # nothing, once the target has vanished
    "HighResponseTime": "histogram_quantile(0.95, evaluation_duration_seconds_bucket) > 5",  # of all time
    "HighMemoryUsage": "memory_usage_bytes / memory_total_bytes > 0.8",  # matches nothing
}


@pytest.mark.parametrize("age", AGES)
@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.name)
def test_promtool_finds_nothing_in_a_file_of_rules(path: Path, age: str) -> None:
    code, said = run(stack_of(age).promtool, "check", "rules", "--lint=all", "--lint-fatal", str(path))
    assert (code, "SUCCESS" in said) == (0, True), said


@pytest.mark.parametrize("age", AGES)
@pytest.mark.parametrize("path", RULE_FILES, ids=lambda path: path.name)
def test_every_alert_of_a_file_fires_when_it_should_and_only_then(path: Path, age: str) -> None:
    code, said = run(stack_of(age).promtool, "test", "rules", str(TESTS / path.name))
    assert code == 0, said


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_has_a_test_that_it_fires_and_one_that_it_does_not(alert: str) -> None:
    expected = [asked["exp_alerts"] for asked in asked_of(alert)]
    assert any(expected), "no test in which it fires"
    assert alert == "Watchdog" or any(not alerts for alerts in expected), "no test in which it does not fire"


def asked_of(alert: str) -> list[dict[str, Any]]:
    tests = [test for path in TESTS.glob("*.yml") for test in read_yaml(path)["tests"]]
    return [
        asked for test in tests for asked in test.get("alert_rule_test", ()) if asked["alertname"] == alert
    ]


@pytest.mark.parametrize("alert", OFTEN_SEEN)
def test_the_tests_find_the_fault_of_an_expression_that_is_often_seen(alert: str, tmp_path: Path) -> None:
    rules = read_yaml(EVALUATION)
    named = next(rule for rule in rules["groups"][0]["rules"] if rule["alert"] == alert)
    named["expr"] = OFTEN_SEEN[alert]
    for folder, text in (
        ("rules", yaml.safe_dump(rules)),
        ("tests", (TESTS / EVALUATION.name).read_text("utf-8")),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / EVALUATION.name).write_text(text, "utf-8")

    code, said = run(stack_of("older").promtool, "test", "rules", str(tmp_path / "tests/evaluation.yml"))

    assert code != 0
    assert f"alertname: {alert}" in said or f'alertname="{alert}"' in said


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_rule_asks_for_metrics_that_the_gateway_has(expression: str) -> None:
    assert set(asked_for(expression)) <= {*LIVES, *(f"{name}{part}" for name in LIVES for part in PARTS)}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_a_figure_of_the_store_is_never_added_up_over_replicas_and_one_of_the_process_is(
    expression: str,
) -> None:
    """Each replica shows the same figure of the store: the sum of three would be three times as much."""
    for joined, name in re.findall(
        r"(max|sum) by \([a-z, ]+\) \((?:rate|increase)\((gateway_[a-z_]+)", expression
    ):
        lives = next(lives for known, lives in LIVES.items() if name.startswith(known))
        assert joined == ("max" if lives is Lives.STORE else "sum"), name


def test_the_objectives_have_the_names_that_dashboards_ask_for() -> None:
    recorded = {rule["record"] for rule in rules_of("slo.yml") if "record" in rule}
    assert {
        "sli_availability_ratio",
        "sli_latency_seconds",
        "sli_error_rate_ratio",
        "sli_page_ratio",
    } <= recorded
    assert {"sli_mtta_seconds", "sli_mttr_seconds", "sli_mtbf_seconds"} <= recorded


def asked_for(expression: str) -> list[str]:
    return re.findall(r"(?<!:)\bgateway_[a-z_]+", expression)


@pytest.mark.parametrize("alert", ALERTS)
def test_every_alert_says_what_is_wrong_and_how_bad_it_is(alert: str) -> None:
    rule = ALERTS[alert]
    assert rule["labels"]["severity"] in {"critical", "warning", "none"}
    assert rule["annotations"]["summary"]


@pytest.mark.parametrize("alert", sorted(set(ALERTS) - {"Watchdog"}))
def test_the_runbook_of_every_alert_is_there(alert: str) -> None:
    path, _, anchor = ALERTS[alert]["annotations"]["runbook_url"].partition("/docs/")[2].partition("#")
    assert anchor == alert.lower()
    assert f"\n## {alert}\n" in (ROOT / "docs" / path).read_text("utf-8")
