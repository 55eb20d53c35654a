"""A key that is unknown, or belongs to a later version, is an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.rule_files import (
    errors_of,
    routes,
)

ERRORS = [
    pytest.param(
        "rotues: []\n", "1:1: unknown key `rotues`; did you mean `routes`?", id="an unknown section"
    ),
    pytest.param(
        "storm: []\n", "1:1: `storm` is not available in this version", id="a section of a later version"
    ),
    pytest.param(
        routes("{name: a, notify: [chat], digest: [chat]}"),
        "4:31: `digest` is not available in this version",
        id="a route's key of a later version",
    ),
    pytest.param(
        "correlate:\n  - {name: a, onset: 1m}\n",
        "2:15: `onset` is not available in this version",
        id="a correlate key of later",
    ),
    pytest.param(
        "routes: [{name: r, escalate: [{after: 30m}]}]\n",
        "1:31: the step tells nobody: give it `page` or `notify`",
        id="a step of an escalation that tells nobody",
    ),
    pytest.param(
        "policy: {act: {pagerduty: listed}}\n",
        "1:27: `listed` lets nobody act: name their groups in `slack_groups`",
        id="people who are listed nowhere",
    ),
    pytest.param(
        "policy: {act: {slack_groups: ['@oncall']}}\n",
        "1:30: `@oncall` is no id of a Slack user group: it looks like S01ONCALL",
        id="a user group by its handle, which anybody may give to another group",
    ),
    pytest.param(
        "destinations:\n  a: {webhook: {url: {env: U}, sceret: {env: S}}}\n",
        "2:32: unknown key `sceret`; did you mean `secret`?",
        id="an unknown key of a webhook",
    ),
    pytest.param(
        routes("{name: a, notify: [chat], group_wiat: 1s}"),
        "4:31: unknown key `group_wiat`; did you mean `group_wait`?",
        id="an unknown key of a route",
    ),
]


@pytest.mark.parametrize(("text", "expected"), ERRORS)
def test_an_error_names_its_place_and_the_remedy(text: str, expected: str, tmp_path: Path) -> None:
    assert errors_of(text, tmp_path) == [expected]
