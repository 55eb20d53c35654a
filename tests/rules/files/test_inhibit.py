"""`inhibit:` is read as it is written, and one that is wrong is found at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.model.rules.kinds import InhibitRule
from gateway.model.rules.route import Hours
from gateway.model.rules.rulebook import Rulebook
from gateway.rules.files import load_rules
from gateway.rules.files.diff import differences

NOW = 1_800_000_000_000
HEAD = """\
destinations: {chat: {slack: {channel: C1}}}
routes: [{name: all, notify: [chat]}]
"""
FULL = """\
inhibit:
  - {name: node-down, source_matchers: ['alertname="NodeDown"'], target_matchers: ['severity=~"warning|info"', 'team!="net"'], equal: [cluster, node], wait: 10s, owner: infra, reason: see the node}
"""
NIGHTS = 'time_intervals: [{name: nights, time_intervals: [{times: [{start_time: "20:00", end_time: "24:00"}]}]}]\n'


def read(tmp_path: Path, text: str, within: str = "") -> Rulebook:
    (tmp_path / "rules.yaml").write_text(HEAD)
    (tmp_path / "team.yaml").write_text(within + text)
    loaded = load_rules(tmp_path, NOW)
    assert loaded.rulebook is not None, loaded.findings
    return loaded.rulebook


def said(tmp_path: Path, text: str) -> list[str]:
    (tmp_path / "rules.yaml").write_text(HEAD + text)
    return [str(one).split("rules.yaml:", 1)[1] for one in load_rules(tmp_path, NOW).findings]


def one_rule(tmp_path: Path, text: str, within: str = "") -> InhibitRule:
    (found,) = read(tmp_path, text, within).inhibit
    return found


def test_everything_that_an_inhibit_rule_may_say_is_read(tmp_path: Path) -> None:
    rule = one_rule(tmp_path, FULL)
    assert [str(one) for one in rule.source] == ['alertname="NodeDown"']
    assert [str(one) for one in rule.target] == ['severity=~"warning|info"', 'team!="net"']
    assert (rule.equal, rule.wait, rule.hours) == (("cluster", "node"), 10_000, Hours())
    assert rule.described == "node-down (team.yaml:2, infra): see the node"


def test_the_least_that_an_inhibit_rule_says_waits_for_nobody(tmp_path: Path) -> None:
    rule = one_rule(tmp_path, "inhibit: [{name: a, source_matchers: ['s=1'], target_matchers: ['t=1']}]\n")
    assert (rule.equal, rule.wait, rule.owner, rule.reason) == ((), 0, "", "")


def test_a_rule_has_its_hours(tmp_path: Path) -> None:
    rule = one_rule(tmp_path, NIGHTS + FULL.replace("wait: 10s", "during: [nights]"))
    assert rule.hours == Hours(("nights",))


def test_within_bounds_what_is_kept_quiet_and_not_what_keeps_it_quiet(tmp_path: Path) -> None:
    rule = one_rule(tmp_path, FULL, "within: ['team=\"db\"']\n")
    assert [str(one) for one in rule.source] == ['alertname="NodeDown"']
    assert str(rule.target[0]) == 'team="db"'


def test_within_may_be_all_that_bounds_the_targets(tmp_path: Path) -> None:
    rule = one_rule(tmp_path, "inhibit: [{name: a, source_matchers: ['s=1']}]\n", "within: ['team=\"db\"']\n")
    assert [str(one) for one in rule.target] == ['team="db"']


def test_a_label_that_is_named_twice_is_equal_once(tmp_path: Path) -> None:
    assert one_rule(tmp_path, FULL.replace("[cluster, node]", "[node, cluster, node]")).equal == (
        "node",
        "cluster",
    )


def test_rules_keep_the_order_in_which_they_are_written(tmp_path: Path) -> None:
    more = "".join(
        f"  - {{name: r{number}, source_matchers: ['s=1'], target_matchers: ['t=1']}}\n"
        for number in range(3)
    )
    assert [one.name for one in read(tmp_path, FULL + more).inhibit] == ["node-down", "r0", "r1", "r2"]


LEAST = "inhibit: [{name: a, source_matchers: ['s=1'], target_matchers: ['t=1']}]\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("inhibit: {name: a}\n", "3:10: a list is needed, not a mapping", id="no list"),
        pytest.param("inhibit: [a]\n", "3:11: a mapping is needed, not a text", id="no mapping"),
        pytest.param(LEAST.replace("name: a, ", ""), "3:11: `name` is missing", id="no name"),
        pytest.param(LEAST.replace("source_matchers: ['s=1'], ", ""), "3:11: `source_matchers` is missing: it would be every alert", id="no source"),
        pytest.param(LEAST.replace(", target_matchers: ['t=1']", ""), "3:11: `target_matchers` is missing: it would be every alert", id="no target"),
        pytest.param(LEAST.replace("['t=1']", "[]"), "3:64: `target_matchers` is missing: it would be every alert", id="an empty target side"),
        pytest.param(LEAST.replace("['s=1']", "[]"), "3:38: `source_matchers` is missing: it would be every alert", id="an empty source side"),
        pytest.param(LEAST.replace("'t=1'", "'{}'"), "3:64: `target_matchers` is missing: it would be every alert", id="a matcher that bounds nothing"),
        pytest.param(LEAST.replace("source_matchers", "source_match"), "3:21: unknown key `source_match`; it is Alertmanager's, and its place takes `source_matchers`", id="the key that Alertmanager deprecated"),
        pytest.param(LEAST.replace("}]", ", match: ['a=1']}]"), "unknown key `match`", id="a match, which would be either side"),
        pytest.param(LEAST.replace("}]", ", mode: shadow}]"), "`mode` is not available in this version", id="a key of later"),
        pytest.param(LEAST.replace("'s=1'", "'s~1'"), "3:41: bad matcher `s~1`", id="a bad matcher"),
        pytest.param(LEAST.replace("'t=1'", "'t=~\"(\"'"), "bad matcher `t=~\"(\"`", id="a bad expression"),
        pytest.param(LEAST.replace("}]", ", equal: node}]"), "a list is needed, not a text", id="equal that is no list"),
        pytest.param(LEAST.replace("}]", ", equal: [[node]]}]"), "a text is needed, not a list", id="equal of no texts"),
        pytest.param(LEAST.replace("}]", ", wait: 10}]"), "`10` is no duration", id="a wait without a unit"),
        pytest.param(LEAST.replace("}]", ", wait: soon}]"), "`soon` is no duration", id="a wait that is none"),
        pytest.param(LEAST.replace("}]", ", during: [nights]}]"), "3:82: unknown time interval `nights`", id="hours that nobody named"),
        pytest.param(LEAST.replace("}]", "}, {name: a, source_matchers: ['s=2'], target_matchers: ['t=2']}]"), "inhibit rule `a`", id="two of one name"),
        pytest.param(LEAST + LEAST, "4:1: `inhibit` stands here twice", id="the section twice"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_place(tmp_path: Path, text: str, expected: str) -> None:
    found = said(tmp_path, text)
    assert expected in found[-1]
    assert len(found) == 1 + ("Alertmanager's" in expected), (
        "nothing else is said of it, but that a misspelt key is missing"
    )


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        pytest.param("", "inhibit rule `node-down` removed", id="removed"),
        pytest.param(
            FULL.replace("10s", "20s"), "inhibit rule `node-down`: wait 10s -> 20s", id="another wait"
        ),
        pytest.param(
            FULL.replace("[cluster, node]", "[node]"), "inhibit rule `node-down`: equal", id="other labels"
        ),
        pytest.param(
            FULL.replace("NodeDown", "RackDown"), "inhibit rule `node-down`: source", id="another source"
        ),
        pytest.param(
            FULL.replace("node-down", "rack-down"), "inhibit rule `rack-down` added", id="another name"
        ),
    ],
)
def test_a_reload_says_what_became_of_the_rules(tmp_path: Path, after: str, expected: str) -> None:
    lines = differences(read(tmp_path, FULL), read(tmp_path, after))
    assert any(expected in line for line in lines), lines
