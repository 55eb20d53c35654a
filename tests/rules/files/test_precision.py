"""`precision:` has defaults, and is refused where it means nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from gateway.model.durations import DAY, HOUR, MINUTE
from gateway.model.statistics.settings import DEFAULT_PRECISION, Digest, PrecisionSettings
from gateway.rules.files import load_rules, rules_schema
from gateway.rules.files.diff import differences
from tests.support.rule_files import CHAT, NOW, PAGER, book, errors_of, write

EVERYTHING = """\
precision:
  target: 0.9
  budget: {pages: 3, per: 8h}
  actionable: [human_label, slack_ack_and_note]
  noise: [{resolved_by_itself_within: 3m, unless: acknowledged}]
  cutoff: 7d
  miss_within: 1h
  persons: off
  note_prefix: "label:"
  digest: {at: "monday 09:00", location: Europe/Berlin, to: {payments: [chat]}}
"""
READ = PrecisionSettings(
    target=0.9,
    budget_pages=3,
    budget_per=8 * HOUR,
    actionable=("human_label", "slack_ack_and_note"),
    noise_by_people=False,
    resolved_by_itself_within=3 * MINUTE,
    cutoff=7 * DAY,
    miss_within=HOUR,
    persons="off",
    note_prefix="label:",
    digest=Digest("monday 09:00", "Europe/Berlin", {"payments": ("chat",)}),
)


def test_all_its_keys_are_read(tmp_path: Path) -> None:
    assert book(write(tmp_path, a=CHAT + EVERYTHING)).precision == READ


def test_without_it_the_defaults_hold(tmp_path: Path) -> None:
    assert book(write(tmp_path, a=CHAT)).precision == DEFAULT_PRECISION


def test_what_is_not_given_keeps_its_default(tmp_path: Path) -> None:
    found = book(write(tmp_path, a=CHAT + "precision: {budget: {pages: 5}, persons: team}\n")).precision
    assert found == PrecisionSettings(budget_pages=5, persons="team")


def test_the_schema_takes_what_the_reader_takes() -> None:
    assert Draft202012Validator(rules_schema()).is_valid(yaml.safe_load(CHAT + EVERYTHING))


def test_it_stands_once_in_a_set(tmp_path: Path) -> None:
    loaded = load_rules(write(tmp_path, a="precision: {target: 0.9}\n", b="precision: {target: 0.8}\n"), NOW)
    assert [str(error) for error in loaded.errors] == [
        f"{tmp_path}/b.yaml:1:12: `precision` stands in {tmp_path}/a.yaml:1 already"
    ]


ERRORS = [
    pytest.param(
        "precision: {learn: {propose: true}}", "1:13: `learn` is not available in this version", id="later"
    ),
    pytest.param(
        "precision: {pinned: []}", "1:13: `pinned` is not available in this version", id="later as well"
    ),
    pytest.param("precision: {taget: 1}", "1:13: unknown key `taget`; did you mean `target`?", id="a typo"),
    pytest.param(
        "precision: {target: 95}", "1:21: a share is a number from 0 to 1, such as 0.2", id="a percentage"
    ),
    pytest.param(
        "precision: {cutoff: 61d}",
        "1:21: `cutoff` has to be longer than nothing and 60d at most",
        id="a late cutoff",
    ),
    pytest.param(
        "precision: {miss_within: 0s}",
        "1:26: `miss_within` has to be longer than nothing and 60d at most",
        id="no time",
    ),
    pytest.param(
        "precision: {budget: {pages: 0}}",
        "1:29: a whole number from 1 to 1000000 is needed",
        id="a budget of nothing",
    ),
    pytest.param(
        "precision: {persons: everybody}",
        "1:22: `everybody` is not known here: write off or self or team or all",
        id="an unknown audience",
    ),
    pytest.param(
        "precision: {actionable: [slack_ack_and_note, human_label]}",
        "1:25: these stand once each, in the order of their trust:"
        " human_label, pagerduty_human_ack_and_resolve, slack_ack_and_note",
        id="another order of trust",
    ),
    pytest.param(
        "precision: {actionable: [anybody]}",
        "1:26: `anybody` is not known here: write human_label or pagerduty_human_ack_and_resolve or slack_ack_and_note",
        id="an unknown judge",
    ),
    pytest.param(
        "precision: {noise: [{unless: acknowledged}]}",
        "1:21: `resolved_by_itself_within` is missing",
        id="no length",
    ),
    pytest.param(
        "precision: {noise: [{resolved_by_itself_within: 5m, unless: silenced}]}",
        "1:61: `silenced` is not known here: write acknowledged",
        id="another touch",
    ),
    pytest.param(
        "precision: {noise: [{resolved_by_itself_within: 5m}, {resolved_by_itself_within: 6m}]}",
        "1:54: `resolved_by_itself_within` stands here twice",
        id="two lengths",
    ),
    pytest.param(
        "precision: {digest: {at: 'monday 09:00'}}", "1:21: `to` is missing", id="a digest to nobody"
    ),
    pytest.param(
        "precision: {digest: {at: 'monday 9:00', to: {}}}",
        "1:26: `monday 9:00` is not possible here: a day and a time such as 'monday 09:00' is needed",
        id="a time without its zero",
    ),
    pytest.param(
        "precision: {digest: {at: 'monday 09:00', location: Berlin, to: {}}}",
        "1:52: `Berlin` is no known time zone: write a name of the IANA database such as Europe/Berlin",
        id="a city",
    ),
    pytest.param(
        CHAT + "precision: {digest: {at: 'monday 09:00', to: {pay: [chta]}}}",
        "3:53: unknown destination `chta`; did you mean `chat`?",
        id="an unknown destination",
    ),
    pytest.param(
        PAGER + "precision: {digest: {at: 'monday 09:00', to: {pay: [pager]}}}",
        "4:53: `pager` is PagerDuty, which always interrupts: it belongs into `page`",
        id="a digest that wakes people",
    ),
    pytest.param(
        "destinations: {ops: {email: {to: [ops@example.org], from: alerts@example.org}}}\n"
        "routes: [{name: all, notify: [ops]}]\n"
        "precision: {digest: {at: 'monday 09:00', to: {pay: [ops]}}}",
        "3:53: `ops` is mail, which shows no digest: name a {slack: …} destination",
        id="a digest by mail",
    ),
]


@pytest.mark.parametrize(("text", "expected"), ERRORS)
def test_an_error_names_its_place_and_the_remedy(text: str, expected: str, tmp_path: Path) -> None:
    assert errors_of(text + "\n", tmp_path) == [expected]


def test_a_destination_of_the_digest_is_in_use(tmp_path: Path) -> None:
    loaded = load_rules(write(tmp_path, a=CHAT + EVERYTHING), NOW)
    assert "used by no route" not in " ".join(str(finding) for finding in loaded.findings)


@pytest.mark.parametrize(
    ("route", "warned"),
    [("owner: payment", True), ("owner: payments", False), ("match: 'team=~\"shop|payments\"'", False)],
)
def test_a_digest_for_a_team_that_no_route_knows_is_warned_of(
    route: str, warned: bool, tmp_path: Path
) -> None:
    routes = f"routes:\n  - {{name: shop, {route}, notify: [chat]}}\n"
    findings = load_rules(write(tmp_path, a=CHAT + routes + EVERYTHING), NOW).findings
    said = "\n".join(map(str, findings))
    assert ("no route has the owner `payments`" in said) is warned
    assert ("did you mean `payment`?" in said) is warned


def test_a_reload_says_what_has_changed(tmp_path: Path) -> None:
    before, after = book(write(tmp_path, a=CHAT)), book(write(tmp_path, a=CHAT + EVERYTHING))
    assert differences(before, after) == (
        "precision: target 0.95 -> 0.9",
        "precision: budget: pages 2 -> 3",
        "precision: budget: per 12h -> 8h",
        "precision: actionable [human_label, pagerduty_human_ack_and_resolve, slack_ack_and_note] -> [human_label, slack_ack_and_note]",
        "precision: noise: human_label true -> false",
        "precision: noise: resolved_by_itself_within 5m -> 3m",
        "precision: cutoff 14d -> 7d",
        "precision: miss_within 2h -> 1h",
        "precision: persons self -> off",
        "precision: note_prefix alert: -> label:",
        "precision: digest none -> monday 09:00 Europe/Berlin to {payments: [chat]}",
    )
