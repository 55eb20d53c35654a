"""The shipped dashboards are what the code renders, and what Grafana needs of a dashboard is in them."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest
import yaml

from dashboards_as_code.board import rendered
from dashboards_as_code.boards import FOLDER, every_board
from dashboards_as_code.panels import LAST_WEEK
from tests.dashboards.shipped import BOARDS, panels
from tests.support.stack import ROOT

COLUMNS = 24
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
UNITS = {"short", "s", "bytes", "percentunit", "reqps", "cps"}
TITLES = {
    "Alert gateway: operations",
    "Alert gateway: delivery and noise",
    "Alert gateway: precision and on-call load",
    "Infrastructure Metrics",
    "Causal Evaluation Framework",
}
every_dashboard = pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS)


def titled(board: str, title: str) -> dict[str, Any]:
    return next(panel for panel in panels(BOARDS[board]) if panel["title"] == title)


@pytest.mark.parametrize("board", every_board(), ids=lambda board: board.uid)
def test_rendering_anew_gives_the_same_bytes(board: Any) -> None:
    assert (FOLDER / board.file).read_text("utf-8") == rendered(board), "python -m dashboards_as_code render"


def test_no_file_is_left_over_from_a_dashboard_that_is_gone() -> None:
    assert {path.name for path in FOLDER.glob("*.json")} == {board.file for board in every_board()}


def test_dashboards_have_uids_and_titles_of_their_own() -> None:
    assert {board["title"] for board in BOARDS.values()} == TITLES
    assert all(board["uid"] == uid and len(uid) <= 40 for uid, board in BOARDS.items())


@every_dashboard
class TestDashboard:
    def test_its_schema_is_that_of_grafana_11(self, board: dict[str, Any]) -> None:
        assert board["schemaVersion"] == 41

    def test_its_panels_have_ids_of_their_own(self, board: dict[str, Any]) -> None:
        ids = [panel["id"] for panel in board["panels"]]
        assert ids == list(range(1, len(ids) + 1))

    def test_the_queries_of_a_panel_have_ref_ids_of_their_own(self, board: dict[str, Any]) -> None:
        for panel in panels(board):
            names = [target["refId"] for target in panel["targets"]]
            assert names == ["A", "B", "C", "D", "E"][: len(names)], panel["title"]
            assert names

    def test_no_panel_names_a_data_source_of_ours(self, board: dict[str, Any]) -> None:
        for panel in panels(board):
            assert panel["datasource"] == SOURCE, panel["title"]
            assert all(target["datasource"] == SOURCE for target in panel["targets"]), panel["title"]
        assert all(annotation["datasource"] == SOURCE for annotation in board["annotations"]["list"])
        (source, *others) = board["templating"]["list"]
        assert (source["name"], source["type"], source["query"]) == ("datasource", "datasource", "prometheus")
        assert all(variable["datasource"] == SOURCE for variable in others)

    def test_every_variable_that_is_used_is_there(self, board: dict[str, Any]) -> None:
        defined = {variable["name"] for variable in board["templating"]["list"]}
        expressions = [target["expr"] for panel in panels(board) for target in panel["targets"]]
        used = {name for text in expressions for name in re.findall(r"\$(\w+)", text)}
        assert used - {"__rate_interval", "__range", "__interval"} <= defined

    def test_panels_lie_side_by_side_and_not_over_one_another(self, board: dict[str, Any]) -> None:
        taken: set[tuple[int, int]] = set()
        for panel in board["panels"]:
            at = panel["gridPos"]
            assert at["x"] + at["w"] <= COLUMNS, panel["title"]
            cells = set(
                itertools.product(range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"]))
            )
            assert not cells & taken, panel["title"]
            taken |= cells

    def test_every_panel_says_in_sentences_what_it_shows_and_in_which_unit(
        self, board: dict[str, Any]
    ) -> None:
        for panel in panels(board):
            assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, panel["title"]
            description = panel["description"]
            assert len(description) > 20, panel["title"]
            assert description.endswith("."), panel["title"]
            assert "gateway_" not in panel["title"] + description, panel["title"]
            assert len(panel["title"]) <= 50, panel["title"]
        titles = [panel["title"] for panel in panels(board)]
        assert len(board["description"]) > 40
        assert all(panel["title"] for panel in board["panels"])
        assert titles

    def test_deployments_rule_reloads_and_incidents_are_marked(self, board: dict[str, Any]) -> None:
        marks = {annotation["name"]: annotation for annotation in board["annotations"]["list"]}
        assert set(marks) == {"Deployments", "Rule reloads", "Incidents"}
        for mark in marks.values():
            assert mark["target"]["expr"] == mark["expr"]
            assert "{{" in mark["titleFormat"]

    def test_last_week_stands_beside_today(self, board: dict[str, Any]) -> None:
        compared = [panel for panel in panels(board) if "offset 1w" in str(panel["targets"])]
        assert compared
        for panel in compared:
            today, week_ago = panel["targets"]
            assert week_ago["legendFormat"] == f"{today['legendFormat']}, {LAST_WEEK}"
            # Without the offset it is the same query
            assert week_ago["expr"].replace(" offset 1w", "") == today["expr"]
            assert any(
                LAST_WEEK in override["matcher"]["options"] for override in panel["fieldConfig"]["overrides"]
            )

    def test_dots_are_asked_for_where_times_of_today_are_measured(self, board: dict[str, Any]) -> None:
        for panel in panels(board):
            for target in panel["targets"]:
                measured = "_bucket" in target["expr"] and "offset 1w" not in target["expr"]
                assert target["exemplar"] is measured, panel["title"]

    def test_every_selector_of_a_query_of_last_week_has_the_offset(self, board: dict[str, Any]) -> None:
        for panel in panels(board):
            for target in panel["targets"]:
                if "offset 1w" in target["expr"]:
                    selectors = re.findall(r"\{[^{}]*\}(?:\[[^]]*\])?", target["expr"]) or [""]
                    assert target["expr"].count("offset 1w") >= len(selectors), panel["title"]


class TestAskedFor:
    @pytest.mark.parametrize("title", ["CPU Usage", "Memory Usage", "Database Connections"])
    def test_the_infrastructure_is_shown(self, title: str) -> None:
        assert titled("infrastructure-metrics", title)["type"] == "timeseries"

    def test_the_distribution_of_response_times_is_a_heatmap_of_buckets(self) -> None:
        panel = titled("causal-evaluation", "Response Time Distribution")
        (target,) = panel["targets"]
        assert panel["type"] == target["format"] == "heatmap"
        assert target["expr"].startswith("sum by (le) (rate(evaluation_duration_seconds_bucket{")

    def test_the_error_rate_is_a_share_of_the_requests(self) -> None:
        panel = titled("causal-evaluation", "Error Rate")
        assert panel["fieldConfig"]["defaults"]["unit"] == "percentunit"
        assert re.fullmatch(
            r"sum\(rate\(evaluation_errors_total.*\) / \(sum\(rate\(evaluation_requests_total.*\) > 0\)",
            panel["targets"][0]["expr"],
        )

    def test_throughput_is_evaluations_in_a_second(self) -> None:
        panel = titled("causal-evaluation", "Evaluation Throughput")
        assert panel["fieldConfig"]["defaults"]["unit"] == "reqps"


def test_the_provisioning_leads_to_the_dashboards_and_names_a_data_source() -> None:
    folder = ROOT / "deploy/grafana/provisioning"
    (provider,) = yaml.safe_load((folder / "dashboards/alert-gateway.yaml").read_text("utf-8"))["providers"]
    (source,) = yaml.safe_load((folder / "datasources/prometheus.yaml").read_text("utf-8"))["datasources"]
    assert (provider["type"], provider["options"]["path"]) == ("file", "/var/lib/grafana/dashboards")
    assert (source["type"], source["access"], source["isDefault"]) == ("prometheus", "proxy", True)
    scraped = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text("utf-8"))
    assert source["jsonData"]["timeInterval"] == scraped["global"]["scrape_interval"]
