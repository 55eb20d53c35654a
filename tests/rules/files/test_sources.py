"""Sources that could not be told apart, or would take what fires for ended, are found."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.rule_files import (
    errors_of,
    routes,
    warnings_of,
)

ERRORS = [
    pytest.param("sources: [{match: []}]\n", "1:11: `name` is missing", id="a source without a name"),
    pytest.param(
        "sources: [{name: a/b}]\n",
        "1:18: `a/b` is not possible here: a name of letters, digits, _ . and - is needed",
        id="a source's name that its copies could not carry",
    ),
    pytest.param(
        "sources: [{name: gateway}]\n",
        "1:18: `gateway` is the source of the gateway's own alerts: take another name",
        id="a source with our own name",
    ),
    pytest.param(
        "sources:\n  - {name: a, token: {env: T}}\n  - {name: b, token: {env: T}}\n",
        "3:5: `b` and `a` have one token, T: what comes could be of either",
        id="two sources with one token",
    ),
    pytest.param(
        "sources: [{name: a}, {name: b}]\n",
        "1:22: `b` and `a` have no `token`: what comes could be of either",
        id="two sources without a token",
    ),
    pytest.param(
        "sources: [{name: a, alertmanager: [{env: AM}]}]\n",
        "1:35: `receiver` is missing: which of Alertmanager's alerts come here?",
        id="peers to ask without a receiver",
    ),
    pytest.param(
        "sources: [{name: a, alertmanager: ['http://user:secret@am'], receiver: gw}]\n",
        "1:36: a secret never stands in a rule file: write {env: NAME} and set NAME in the environment",
        id="a peer's address, which may hold a password",
    ),
]


@pytest.mark.parametrize(("text", "expected"), ERRORS)
def test_an_error_names_its_place_and_the_remedy(text: str, expected: str, tmp_path: Path) -> None:
    assert errors_of(text, tmp_path) == [expected]


WARNINGS = [
    pytest.param(
        routes("{name: all, notify: [chat]}") + "sources: [{name: eu}]\n",
        "5:11: warning: `eu` has no `repeat_interval`: its silence means nothing, and an end that is lost is never noticed;"
        " say what alertmanager.yml says",
        id="a source whose silence means nothing",
    ),
    pytest.param(
        routes("{name: all, notify: [chat]}")
        + "sources: [{name: eu, group_interval: 1m, repeat_interval: 30m, stale_after: 30m}]\n",
        "5:11: warning: `stale_after` of `eu` is over before the next repeat: what fires would be taken for ended",
        id="a source that is stale before its next repeat",
    ),
    pytest.param(
        routes("{name: all, notify: [chat]}")
        + "sources: [{name: eu, repeat_interval: 30m, match: ['c=\"eu\"', 'c!~\"eu.*\"']}]\n",
        '5:51: warning: no alert satisfies c="eu" and c!~"eu.*": nothing is let in',
        id="a source that lets nothing in",
    ),
]


@pytest.mark.parametrize(("text", "expected"), WARNINGS)
def test_a_warning_leaves_the_rules_usable(text: str, expected: str, tmp_path: Path) -> None:
    assert warnings_of(text, tmp_path) == [expected]
