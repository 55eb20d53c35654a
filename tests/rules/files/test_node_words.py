"""What stands where a list is meant, and how the list is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.rule_files import CHAT, errors_of

ROUTE = CHAT + "routes:\n  - {name: a, notify: [chat], MORE}\n"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("page: pager", "4:37: a list is needed, not a text: write [pager]"),
        ("page: '#ops chat'", "4:37: a list is needed, not a text: write ['#ops chat']"),
        ("match: team=pay", "4:38: a list is needed, not a text: write ['team=pay']"),
        (
            "match: {team: pay, zone: eu}",
            "4:38: a list is needed, not a mapping: write ['team=\"pay\"', 'zone=\"eu\"']",
        ),
        ("match: {team: [pay]}", "4:38: a list is needed, not a mapping"),
        ("page: {pager: now}", "4:37: a list is needed, not a mapping"),
        ("page: ", "4:37: a list is needed, not nothing"),
        (f"page: {'x' * 61}", "4:37: a list is needed, not a text: write […]"),
    ],
)
def test_what_is_no_list_is_shown_as_one(more: str, said: str, tmp_path: Path) -> None:
    assert errors_of(ROUTE.replace("MORE", more), tmp_path) == [said]


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("{envv: HOOK}", "unknown key `envv`; did you mean `env`?"),
        ("{evn: HOOK}", "unknown key `evn`; did you mean `env`?"),
        (
            "{xoxb-123: HOOK}",
            "a secret never stands in a rule file: write {env: NAME} and set NAME in the environment",
        ),
    ],
)
def test_a_slip_in_env_is_named_and_a_secret_is_not(secret: str, said: str, tmp_path: Path) -> None:
    (line,) = errors_of(f"sources: [{{name: eu, repeat_interval: 4h, token: {secret}}}]\n", tmp_path)
    assert line.endswith(f": {said}")
