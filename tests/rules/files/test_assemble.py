"""The files of a set are put together to one rule set, with a default for everything that they do not say."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.rules.origin import SecretName
from gateway.model.rules.route import Condition, PageWhen, Quantifier
from gateway.model.rules.rulebook import LabelRules
from gateway.model.severity import Severity
from gateway.outbound.slack.destination import SlackChannel
from tests.support.rule_files import (
    CHAT,
    SMALLEST,
    book,
    errors_of,
    routes,
    warnings_of,
    write,
)


def test_five_lines_are_enough_and_the_rest_has_its_default(tmp_path: Path) -> None:
    rules = book(write(tmp_path, a=SMALLEST))
    (route,) = rules.routes
    assert route.page_when == PageWhen(Quantifier.ANY, (Condition(severity=Severity.CRITICAL),))
    assert (route.group_wait, route.update_interval, route.resolve_after, route.remind) == (
        10 * SECOND,
        30 * SECOND,
        None,
        None,
    )
    assert rules.labels == LabelRules()
    assert (rules.correlate, rules.closed_by_hand) == ((), HOUR)
    assert rules.destinations["chat"].via == SlackChannel("C024BE91L", SecretName("SLACK_BOT_TOKEN"))
    assert rules.destinations["pager"].fallback_after == 2 * MINUTE


ERRORS = [
    pytest.param(
        "labels: {ignore: [tenant]}\npartition_by: [tenant]\n",
        "2:16: label `tenant` is ignored (labels.ignore): it cannot keep partitions apart",
        id="a partition by an ignored label",
    ),
    pytest.param(
        "labels: {rename: {team: tenant}}\npartition_by: [tenant]\n",
        "2:16: label `tenant` is renamed (labels.rename): it cannot keep partitions apart",
        id="a partition by a renamed label",
    ),
    pytest.param(
        CHAT + "policy: {audit: [chat]}\n",
        "3:18: `chat` takes no audit trail: name a {webhook: …} destination",
        id="an audit trail to people",
    ),
    pytest.param(
        "destinations:\n  a: {slack: {channel: C1}, fallback: [a]}\n",
        "2:3: the fallbacks of `a` lead back to it",
        id="a fallback to itself",
    ),
]


@pytest.mark.parametrize(("text", "expected"), ERRORS)
def test_an_error_names_its_place_and_the_remedy(text: str, expected: str, tmp_path: Path) -> None:
    assert errors_of(text, tmp_path) == [expected]


WARNINGS = [
    pytest.param(
        routes(
            "{name: all, notify: [team]}",
            above='destinations:\n  team: {slack: {channel: "#{team}", allow: [pay]}}\n',
        ),
        "2:3: warning: `team` has no `fallback`: an alert whose value is not in `allow` is told to nobody there",
        id="a channel from a label without a fallback",
    ),
    pytest.param(
        routes("{name: all, notify: [chat, too]}", above=CHAT + "  too: {slack: {channel: C1}}\n"),
        "3:3: warning: `too` and `chat` are the same place: whoever looks there is told twice",
        id="two destinations that are one channel",
    ),
    pytest.param(
        routes("{name: all, notify: [chat]}", above=CHAT + "  too: {slack: {channel: C2}}\n"),
        "3:3: warning: destination `too` is used by no route",
        id="a destination that nobody uses",
    ),
]


@pytest.mark.parametrize(("text", "expected"), WARNINGS)
def test_a_warning_leaves_the_rules_usable(text: str, expected: str, tmp_path: Path) -> None:
    assert warnings_of(text, tmp_path) == [expected]
