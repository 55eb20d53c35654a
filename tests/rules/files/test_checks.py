"""Names in rule files have to be unique and known, and a rule has to be reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.rules.files import load_rules
from tests.support.rule_files import (
    CHAT,
    MAIL,
    NOW,
    PAGER,
    errors_of,
    load,
    routes,
    warnings_of,
)


def test_a_name_given_twice_names_the_first_place(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text('routes:\n  - {name: a, match: [x="1"]}\n', "utf-8")
    loaded = load(tmp_path, routes("""{name: a, notify: [chat], match: ['y="1"']}"""))
    (line,) = [str(one) for one in loaded.errors]
    assert line == f"{tmp_path}/b.yaml:2:5: route `a` stands in {tmp_path}/a.yaml:4 already"


def test_a_route_that_goes_on_takes_nothing_from_the_next(tmp_path: Path) -> None:
    loaded = load(tmp_path, routes("{name: a, notify: [chat], continue: true}", "{name: b, notify: [chat]}"))
    assert loaded.findings == ()


NIGHT = (
    "time_intervals: [{name: night, time_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}]}]}]\n"
)

ERRORS = [
    pytest.param(
        "destinations:\n  audit: {webhook: {url: {env: U}}}\npolicy: {audit: [adit]}\n",
        "3:18: unknown destination `adit`; did you mean `audit`?",
        id="an audit trail to nowhere",
    ),
    pytest.param(
        routes("{name: a, notify: [chad]}"),
        "4:24: unknown destination `chad`; did you mean `chat`?",
        id="an unknown destination",
    ),
    pytest.param(
        routes("{name: a, notify: [pager]}", above=PAGER),
        "5:24: `pager` is PagerDuty, which always interrupts: it belongs into `page`",
        id="PagerDuty in notify",
    ),
    pytest.param(
        routes("{name: a, page: [ops]}", above=MAIL),
        "5:22: `ops` is mail, which wakes nobody: it belongs into `notify`, or into `fallback` of what pages",
        id="mail in page",
    ),
    pytest.param(
        routes("{name: a, notify: [chat], shifts: [{during: [night], page: [ops]}]}", above=NIGHT + MAIL),
        "6:65: `ops` is mail, which wakes nobody: it belongs into `notify`, or into `fallback` of what pages",
        id="mail in the page of a shift",
    ),
    pytest.param(
        "destinations:\n  a: {slack: {channel: C1}, fallback: [b]}\n",
        "2:40: unknown destination `b`",
        id="an unknown fallback",
    ),
    pytest.param(
        "sources:\n  - {name: a, token: {env: A}}\n  - {name: a, token: {env: B}}\n",
        "3:5: source `a` stands in a.yaml:2 already",
        id="two sources of one name",
    ),
]


@pytest.mark.parametrize(("text", "expected"), ERRORS)
def test_an_error_names_its_place_and_the_remedy(text: str, expected: str, tmp_path: Path) -> None:
    assert errors_of(text, tmp_path) == [expected]


WARNINGS = [
    pytest.param(
        routes("{name: all, notify: [chat]}", "{name: b, notify: [chat], match: ['x=\"1\"']}"),
        "5:5: warning: route `b` is never reached: `all` (a.yaml:4) takes everything before it",
        id="a route behind one that takes everything",
    ),
    pytest.param(
        routes(
            "{name: a, notify: [chat], match: ['x=\"1\"']}",
            "{name: b, notify: [chat], match: ['y=\"1\"', 'x=\"1\"']}",
        ),
        "5:5: warning: route `b` is never reached: `a` (a.yaml:4) takes everything before it",
        id="a route behind one with fewer matchers",
    ),
    pytest.param(
        routes("{name: all, notify: [chat]}")
        + "correlate:\n  - {name: a}\n  - {name: b, match: ['x=\"1\"']}\n",
        "7:5: warning: correlate rule `b` is never reached: `a` (a.yaml:6) takes everything before it",
        id="a correlate rule behind one that takes everything",
    ),
]


@pytest.mark.parametrize(("text", "expected"), WARNINGS)
def test_a_warning_leaves_the_rules_usable(text: str, expected: str, tmp_path: Path) -> None:
    assert warnings_of(text, tmp_path) == [expected]


# After an error


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            routes(
                "{name: a, match: ['team=~\"(\"'], notify: [chat]}",
                "{name: b, match: ['x=\"1\"'], notify: [chat]}",
            ),
            id="a matcher that cannot be read leaves its route without one",
        ),
        pytest.param(
            routes("{name: a, parent: al, notify: [chat]}", "{name: b, match: ['x=\"1\"'], notify: [chat]}"),
            id="a parent that is misspelt leaves its child at the top",
        ),
        pytest.param(
            routes(
                "{name: a, notfy: [too], notify: [chat]}",
                above="destinations:\n  chat: {slack: {channel: C1}}\n  too: {slack: {channel: C2}}\n",
            ),
            id="a key that is misspelt names a destination",
        ),
        pytest.param(
            NIGHT + routes("{name: a, notify: [chat], durng: [night]}"),
            id="a key that is misspelt names a time interval",
        ),
        pytest.param(
            routes("{name: a, notify: chat}"),
            id="a list that is none leaves its route without anybody to tell",
        ),
        pytest.param(
            routes(
                "{name: a, notify: [chat], page: [pager]}",
                above=CHAT + "  pager: {pagerduty: {routing_key: {envv: KEY}}}\n",
            ),
            id="a destination that cannot be read is there all the same",
        ),
    ],
)
def test_what_an_error_hides_gets_no_false_warning(text: str, tmp_path: Path) -> None:
    loaded = load(tmp_path, text)
    assert len(loaded.errors) == 1
    assert loaded.findings == loaded.errors


def test_what_a_file_that_is_no_yaml_may_have_is_not_said_to_be_missing(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text("destinations:\n\tchat: {slack: {channel: C1}}\n", "utf-8")
    team = "routes:\n  - {name: pay, parent: everything, notify: [chat], during: [nights]}\n"
    (tmp_path / "team.yaml").write_text(team, "utf-8")
    assert [str(finding) for finding in load_rules(tmp_path, NOW).findings] == [
        f"{tmp_path}/all.yaml:2:1: not YAML: a tab; write spaces in its place"
    ]
