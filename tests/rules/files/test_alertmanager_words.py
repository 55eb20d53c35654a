"""Whoever comes from Alertmanager writes its words, and hears at each what takes its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.rules.files import keys
from gateway.rules.files.alertmanager_words import WORDS, in_place_of
from tests.support.rule_files import errors_of, load

PAGE = (Path(__file__).parents[3] / "docs/coming-from-alertmanager.md").read_text("utf-8")
ALERTMANAGER_YML = """\
global: {slack_api_url_file: /etc/am/slack}
templates: [/etc/am/*.tmpl]
route:
  receiver: ops
  group_by: [alertname]
receivers:
  - {name: ops, slack_configs: [{channel: "#ops"}]}
inhibit_rules:
  - {source_match: {alertname: NodeDown}, target_match: {severity: warning}}
"""


def test_a_whole_alertmanager_yml_is_told_section_by_section_where_it_goes(tmp_path: Path) -> None:
    found = errors_of(ALERTMANAGER_YML, tmp_path)
    assert [line.partition(";")[0] for line in found] == [
        "1:1: unknown key `global`",
        "2:1: unknown key `templates`",
        "3:1: unknown key `route`",
        "6:1: unknown key `receivers`",
        "8:1: unknown key `inhibit_rules`",
    ]
    assert "`routes`, a list; each has a `name`" in found[2]


@pytest.mark.parametrize(
    ("given", "taken_by"),
    [
        ("receiver: ops", "`notify` and `page`"),
        ("group_by: [alertname]", "`by` of a rule under `correlate`"),
        ("group_interval: 5m", "`update_interval`"),
        ("repeat_interval: 4h", "`remind`"),
        ("matchers: ['a=\"b\"']", "`match`"),
        ("mute_time_intervals: [nights]", "`mute`"),
        ("active_time_intervals: [days]", "`during`"),
    ],
)
def test_a_key_of_its_routes_names_what_takes_its_place(given: str, taken_by: str, tmp_path: Path) -> None:
    text = f"destinations:\n  chat: {{slack: {{channel: C1}}}}\nroutes:\n  - {{name: a, notify: [chat], {given}}}\n"
    (line,) = errors_of(text, tmp_path)
    assert line.startswith("4:31: unknown key")
    assert taken_by in line


@pytest.mark.parametrize(
    ("given", "taken_by"),
    [
        ("pagerduty: {service_key: 0123456789abcdef0123456789abcdef}", "`routing_key`: {env: NAME}"),
        ("pagerduty: {routing_key_file: /etc/am/key}", "in the variable NAME_FILE"),
        ("webhook: {url_file: /etc/am/url}", "`url`: {env: NAME}"),
        ("email: {smarthost: 'mail:587'}", "GATEWAY_SMTP_URL"),
    ],
)
def test_a_key_of_its_receivers_names_what_takes_its_place(given: str, taken_by: str, tmp_path: Path) -> None:
    found = errors_of(f"destinations:\n  a: {{{given}}}\n", tmp_path)
    assert any(taken_by in line for line in found)
    assert "0123456789abcdef" not in "".join(found)


def test_a_key_that_is_known_here_is_no_word_of_alertmanagers(tmp_path: Path) -> None:
    """`group_interval` and `repeat_interval` of a source are the rules' own."""
    source = "sources: [{name: eu, token: {env: EU}, group_interval: 1m, repeat_interval: 4h}]\n"
    assert load(tmp_path, source).errors == ()


@pytest.mark.parametrize("word", sorted(WORDS))
def test_every_word_is_on_the_page_for_those_who_come_from_there(word: str) -> None:
    assert re.search(rf"^\| .*`{word}`.* \|", PAGE, re.MULTILINE)


def test_no_word_is_a_key_of_every_section() -> None:
    assert not set(WORDS) & {*keys.ROUTE, *keys.CORRELATE, *keys.INHIBIT, *keys.DESTINATION}
    assert in_place_of("notify") == ""
