"""Time intervals, mutes, shifts and hours are read as they are written in rule files."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.model.rules.route import Hours, Mute, Shift
from gateway.model.rules.rulebook import Rulebook
from gateway.rules.files import load_rules

NOW = 1_800_000_000_000  # 2027-01-15T08:00:00Z
HEAD = """\
destinations:
  chat: {slack: {channel: C1}}
  pager: {pagerduty: {routing_key: {env: KEY}}}
"""
NIGHTS = 'time_intervals: [{name: nights, time_intervals: [{times: [{start_time: "20:00", end_time: "24:00"}]}]}]\n'
ROUTE = "routes: [{name: all, notify: [chat], page: [pager], mute: {page: [nights]}}]\n"


def rules(tmp_path: Path, text: str) -> Rulebook:
    (tmp_path / "rules.yaml").write_text(HEAD + text)
    loaded = load_rules(tmp_path / "rules.yaml", NOW)
    assert loaded.rulebook is not None, loaded.findings
    return loaded.rulebook


def findings(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "rules.yaml").write_text(HEAD + text)
    return [str(one).split("rules.yaml:", 1)[1] for one in load_rules(tmp_path / "rules.yaml", NOW).findings]


def test_a_route_is_muted_in_named_intervals_and_its_children_inherit_that(tmp_path: Path) -> None:
    book = rules(tmp_path, NIGHTS + ROUTE[:-2] + ", {name: child, parent: all, match: ['a=\"b\"']}]\n")
    assert [route.mute for route in book.routes] == [Mute(page=("nights",))] * 2


def test_shifts_and_hours_are_read(tmp_path: Path) -> None:
    route = "routes: [{name: all, notify: [chat], not_during: [nights], shifts: [{during: [nights], page: [pager]}], longest_hold: 2m}]\n"
    (route_read,) = rules(tmp_path, NIGHTS + route).routes
    assert route_read.hours == Hours(not_during=("nights",))
    assert route_read.shifts == (Shift(Hours(("nights",)), page=("pager",)),)
    assert route_read.longest_hold == 120_000


def test_hours_written_without_quotes_mean_what_they_say(tmp_path: Path) -> None:
    book = rules(tmp_path, NIGHTS.replace('"', "") + ROUTE)
    assert book.intervals == rules(tmp_path, NIGHTS + ROUTE).intervals


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(ROUTE, "4:67: unknown time interval `nights`", id="a name that is not there"),
        pytest.param(NIGHTS + ROUTE.replace("[nights]", "[night]"), "unknown time interval `night`; did you mean `nights`?", id="a name that is nearly there"),
        pytest.param(NIGHTS.replace("20:00", "25:00") + ROUTE, "times: ", id="an hour that is none"),
        pytest.param(NIGHTS + NIGHTS.split("[", 1)[0], "`time_intervals` stands here twice", id="the section twice"),
        pytest.param(NIGHTS + "routes: [{name: all, notify: [chat], page: [pager]}]\n", "4:18: warning: time interval `nights` is named by no rule", id="an interval that nobody names"),
        pytest.param('time_intervals: [{name: nights, time_intervals: [{years: ["2020"]}]}]\n' + ROUTE, "`nights` never comes", id="an interval that never comes again"),
        pytest.param(NIGHTS + ROUTE + "maintenance: [{name: m, match: ['a=\"b\"']}]\n", "`end` or `during` is needed", id="work without an end"),
        pytest.param(NIGHTS + ROUTE + "maintenance: [{name: m, end: 2027-02-01T22:00:00Z}]\n", "`match` is missing", id="work on everything"),
        pytest.param(NIGHTS + ROUTE + "maintenance: [{name: m, match: ['a=\"b\"'], end: 2027-02-01T22:00:00}]\n", "is no time with an offset", id="a time on nobody's clock"),
        pytest.param(NIGHTS + ROUTE + "maintenance: [{name: m, match: ['a=\"b\"'], start: 2027-02-02T00:00:00Z, end: 2027-02-01T00:00:00Z}]\n", "`end` is not after `start`", id="an end before its start"),
        pytest.param(NIGHTS + ROUTE + "maintenance: [{name: m, match: ['a=\"b\"'], end: 2026-02-01T00:00:00Z}]\n", "warning: maintenance `m` is over", id="work that is over"),
        pytest.param(NIGHTS + "routes: [{name: all, notify: [chat], shifts: [{page: [pager]}], mute: {page: [nights]}}]\n", "a shift has its hours", id="a shift without hours"),
        pytest.param(NIGHTS + "routes: [{name: all, notify: [chat], shifts: [{during: [nights], notify: [pager]}]}]\n", "it belongs into `page`", id="PagerDuty among those who are shown"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found_at_its_place(tmp_path: Path, text: str, said: str) -> None:
    assert any(said in one for one in findings(tmp_path, text)), findings(tmp_path, text)
