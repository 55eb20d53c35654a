"""`docs/metrics.md` is what the code says, and the metrics are named as Prometheus wants it.

https://prometheus.io/docs/practices/naming/ says how; `promtool check metrics` sees less of it than this does.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.telemetry.catalogue import Described
from gateway.telemetry.metrics import Metrics
from gateway.telemetry.reference import HOW_TO_WRITE, document

ROOT = Path(__file__).parents[2]
METRICS = Metrics().catalogue.described
OURS = [metric for metric in METRICS if metric.name.startswith("gateway_")]
BASE_UNITS = {"seconds", "bytes", "ratio"}
OTHER_UNITS = re.compile(
    r"_(ms|millis\w*|micros\w*|minutes|hours|days|kb|mb|kilobytes|megabytes|percent)(_|$)"
)
NAMED_FOR_TYPES = re.compile(r"_(count|sum|bucket|gauge|counter|histogram|summary|created)$")
# A person, an incident, an alert's name and an address are never a label: there are too many, and they are nobody's business.
FORBIDDEN_LABELS = {
    "person",
    "user",
    "by",
    "incident",
    "alertname",
    "alert",
    "address",
    "ip",
    "instance",
    "job",
    "le",
    "without",  # a word of PromQL: `by (without)` is an error
}


def test_the_document_is_what_the_code_says() -> None:
    assert (ROOT / "docs/metrics.md").read_text("utf-8") == document(METRICS), HOW_TO_WRITE


@pytest.mark.parametrize("metric", OURS, ids=lambda metric: metric.name)
def test_a_metric_is_named_for_what_it_measures_in_a_base_unit(metric: Described) -> None:
    assert re.fullmatch(r"gateway_[a-z]+(_[a-z]+)*", metric.name)
    assert not OTHER_UNITS.search(metric.name)
    assert not NAMED_FOR_TYPES.search(metric.name)
    assert metric.name.endswith("_total") is (metric.kind == "counter")
    if metric.kind in ("histogram", "summary"):
        assert metric.name.rpartition("_")[2] in BASE_UNITS


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_says_what_it_means_and_has_few_labels(metric: Described) -> None:
    assert metric.meaning[0].isupper() or metric.meaning[0].isdigit()
    assert not metric.meaning.endswith(".")
    assert "|" not in metric.meaning
    assert len(metric.labels) <= 3
    assert not FORBIDDEN_LABELS & set(metric.labels)


def test_every_metric_of_the_registry_came_through_the_catalogue() -> None:
    metrics = Metrics()
    families = list(metrics.registry.collect())
    shown = {f"{family.name}_total" if family.type == "counter" else family.name for family in families}
    assert shown == {metric.name for metric in metrics.catalogue.described}
