"""Each query joins replicas by where the figure lives (docs/metrics.md), and every metric is shown or says why not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dashboards_as_code.boards import NOT_SHOWN
from gateway.telemetry.catalogue import Described, Lives
from gateway.telemetry.metrics import Metrics
from tests.dashboards.shipped import BOARDS, EVERY_QUERY, panels, queries
from tests.support.evaluation_service import service
from tests.support.stack import RULE_FILES, read_yaml

CATALOGUE = {metric.name: metric for metric in Metrics().catalogue.described}
AGGREGATIONS = {"sum", "max", "min", "avg", "count", "topk", "quantile"}
SERIES = re.compile(
    r"\b[a-z_]+:[a-z_:]+|\b(?:gateway|process|evaluation|memory|cpu|active|daily|user|sli)_\w+|\bup\b"
)


def series_in(query: str) -> Iterator[tuple[str, int]]:
    """Yield each series of a query with its place; what stands in quotes or after `by` is none."""
    blank = re.sub(r'"[^"]*"|\bby \([^)]*\)|\bon\([^)]*\)', lambda found: " " * len(found[0]), query)
    for found in SERIES.finditer(blank):
        yield found[0], found.start()


def metric_of(series: str) -> Described | None:
    """Return the gateway's metric that a series belongs to: those of a histogram have an ending more."""
    return CATALOGUE.get(series) or CATALOGUE.get(re.sub(r"_(bucket|sum|count)$", "", series))


def around(query: str, place: int) -> list[str]:
    """Return the functions and operators around a place, the nearest first."""
    found, depth = [], 0
    for at in range(place - 1, -1, -1):
        if query[at] == ")":
            depth += 1
        elif query[at] == "(" and depth:
            depth -= 1
        elif query[at] == "(":
            word = re.search(r"(\w+)(?: by \([^()]*\) ?)?$", query[:at])
            found.append(word[1] if word else "")
    return found


def joined_by(query: str, place: int) -> str:
    return next((word for word in around(query, place) if word in AGGREGATIONS), "")


def all_series(board: dict[str, Any]) -> Iterator[tuple[str, str, int, str]]:
    for where, query in queries(board):
        for series, place in series_in(query):
            yield where, series, place, query


class TestAround:
    def test_the_nearest_aggregation_counts(self) -> None:
        query = 'sum by (kind) (max by (kind, rule) (increase(gateway_rule_matches_total{job="$job"}[1h])))'
        assert joined_by(query, query.index("gateway_")) == "max"

    def test_what_is_closed_before_is_not_around(self) -> None:
        query = "sum(rate(a_total[5m])) / (max(gateway_store_up) > 0)"
        assert around(query, query.index("gateway_")) == ["max", ""]

    def test_a_label_is_no_series(self) -> None:
        assert [name for name, _ in series_in('max by (process_x) (up{job="gateway_job"})')] == ["up"]


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_a_query_joins_replicas_by_where_its_figure_lives(board: dict[str, Any]) -> None:
    for where, series, place, query in all_series(board):
        metric = metric_of(series)
        if metric is None:
            continue
        joined = joined_by(query, place)
        if metric.lives is Lives.STORE:
            assert joined == "max", f"{where}: {series} is the same in every replica"
        elif metric.kind != "gauge":
            assert joined == "sum", f"{where}: {series} is each replica's own share"
        if metric.kind == "counter":
            assert set(around(query, place)) & {"rate", "increase"}, f"{where}: {series} only grows"


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)
def test_a_query_asks_for_labels_that_the_metric_has(board: dict[str, Any]) -> None:
    for where, series, place, query in all_series(board):
        metric = metric_of(series)
        if metric is None:
            continue
        matchers = re.match(r"\{([^}]*)\}", query[place + len(series) :])
        asked = set(re.findall(r"(\w+)(?:=~?|!=|!~)\"", matchers[1])) if matchers else set()
        grouped = re.findall(r"by \(([^)]*)\) \((?:rate|increase|)\(?$", query[:place])
        asked |= {label.strip() for labels in grouped for label in labels.split(",")}
        assert asked <= {*metric.labels, "job", "instance", "le"}, where


def shown() -> set[str]:
    return {series for _, query in EVERY_QUERY for series, _ in series_in(query)}


def recorded() -> dict[str, str]:
    """Return what each recorded series is made of."""
    rules = [
        rule
        for path in RULE_FILES
        for group in read_yaml(path)["groups"]
        for rule in group["rules"]
        if "record" in rule
    ]
    return {rule["record"]: rule["expr"] for rule in rules}


def test_every_metric_is_on_a_dashboard_or_says_why_not() -> None:
    made_of = " ".join(expression for series, expression in recorded().items() if series in shown())
    series = shown() | {series for series, _ in series_in(made_of)}
    on_dashboards = {metric.name for name in series if (metric := metric_of(name))}
    assert CATALOGUE.keys() - on_dashboards == NOT_SHOWN.keys()
    assert all(reason.endswith(".") for reason in NOT_SHOWN.values())


def test_every_series_that_a_query_asks_for_exists() -> None:
    known = {*recorded(), "up", *OF_THE_EVALUATION_SERVICE}
    ours = {series for series in shown() if metric_of(series) is None}
    assert {re.sub(r"_(bucket|sum|count)$", "", series) for series in ours} <= known


OF_THE_EVALUATION_SERVICE = {
    "evaluation_duration_seconds",
    "evaluation_accuracy_ratio",
    "evaluation_requests_total",
    "evaluation_errors_total",
    "daily_evaluations_total",
    "user_satisfaction_score",
    "memory_usage_bytes",
    "memory_total_bytes",
    "cpu_usage_percent",
    "active_database_connections",
}


async def test_every_metric_of_the_evaluation_service_is_on_a_dashboard(tmp_path: Path) -> None:
    async with service(tmp_path) as running:
        assert (await running.evaluate()).status_code == 200
        text = (await running.client.get("/metrics")).text
    typed = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    typed = {name for name in typed if not name.endswith("_created")}
    assert typed == OF_THE_EVALUATION_SERVICE
    assert typed <= {re.sub(r"_(bucket|sum|count)$", "", series) for series in shown()}


def test_the_recorded_objectives_are_on_a_dashboard() -> None:
    asked = {series for series in recorded() if not re.search(r":events$|^job:|^slo:\w+:ratio$", series)}
    assert asked <= shown()
    burned = {
        series for series in recorded() if re.search(r"^slo:(downtime|errors|slow|pages):ratio$", series)
    }
    assert burned <= shown()


def test_no_panel_shows_a_quantile_of_all_time() -> None:
    for where, query in EVERY_QUERY:
        if "histogram_quantile" in query:
            assert re.search(r"sum by \(le[^)]*\) \(rate\(", query), where


def test_titles_are_unique_within_a_row() -> None:
    for board in BOARDS.values():
        titles = [(panel["title"], panel["type"]) for panel in panels(board)]
        assert len(titles) == len(set(titles)), board["title"]
