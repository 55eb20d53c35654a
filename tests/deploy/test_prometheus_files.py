"""The shipped files of Prometheus: both releases load theirs, and the newer file is the older one and no more
than what newer releases understand.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.stack import AGES, PROMETHEUS_FILES, read_yaml, run, stack_of, unexplained

NEW_IN_GLOBAL = {"convert_classic_histograms_to_nhcb", "always_scrape_classic_histograms"}


@pytest.mark.parametrize("age", AGES)
def test_the_tool_of_a_release_takes_its_file_and_every_file_of_rules(age: str) -> None:
    code, said = run(stack_of(age).promtool, "check", "config", str(PROMETHEUS_FILES[age]))
    assert code == 0, said
    assert "evaluation.yml" in said
    assert "gateway.yml" in said


@pytest.mark.long
def test_the_newer_release_takes_the_older_file_too() -> None:
    code, said = run(stack_of("newer").promtool, "check", "config", str(PROMETHEUS_FILES["older"]))
    assert code == 0, said


def test_the_newer_file_is_the_older_one_and_what_newer_releases_understand() -> None:
    older, newer = read_yaml(PROMETHEUS_FILES["older"]), read_yaml(PROMETHEUS_FILES["newer"])
    assert newer.keys() - older.keys() == {"tracing"}
    assert newer["global"].keys() - older["global"].keys() == NEW_IN_GLOBAL
    assert without(newer, "tracing") | {"global": without(newer["global"], *NEW_IN_GLOBAL)} == older


def without(mapping: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in mapping.items() if name not in names}


def test_the_older_release_does_not_understand_the_newer_file() -> None:
    code, said = run(stack_of("older").promtool, "check", "config", str(PROMETHEUS_FILES["newer"]))
    assert code != 0
    assert all(name in said for name in NEW_IN_GLOBAL)


@pytest.mark.parametrize("path", PROMETHEUS_FILES.values(), ids=lambda path: path.name)
def test_the_evaluation_service_is_scraped_often_and_the_rest_every_quarter_minute(path: Path) -> None:
    config = read_yaml(path)
    jobs = {job["job_name"]: job for job in config["scrape_configs"]}
    assert config["global"]["scrape_interval"] == "15s"
    assert jobs["causal-eval"]["scrape_interval"] == "5s"
    assert jobs["causal-eval"]["metrics_path"] == "/metrics"
    assert jobs["causal-eval"]["static_configs"][0]["targets"] == ["causal-eval:8000"]
    assert [name for name, job in jobs.items() if "scrape_interval" in job] == ["causal-eval"]


@pytest.mark.parametrize("path", PROMETHEUS_FILES.values(), ids=lambda path: path.name)
def test_rules_are_loaded_and_both_alertmanagers_are_told(path: Path) -> None:
    config = read_yaml(path)
    assert config["rule_files"] == ["rules/*.yml"]
    (asked,) = config["alerting"]["alertmanagers"]
    assert asked["static_configs"][0]["targets"] == ["alertmanager-0:9093", "alertmanager-1:9093"]
    assert "--storage.tsdb.retention.time=35d" in path.read_text("utf-8")


@pytest.mark.parametrize("path", PROMETHEUS_FILES.values(), ids=lambda path: path.name)
def test_every_line_of_it_is_explained(path: Path) -> None:
    assert unexplained(path) == set()
