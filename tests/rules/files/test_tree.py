"""Routes are made a tree: children inherit, and a parent has to be there."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.model.durations import HOUR
from tests.support.rule_files import (
    EVERYTHING,
    SMALLEST,
    book,
    errors_of,
    names,
    routes,
    warnings_of,
    write,
)


def test_a_child_inherits_what_it_does_not_say_and_replaces_lists(tmp_path: Path) -> None:
    parent, child = book(write(tmp_path, a=EVERYTHING)).routes
    assert (child.parent, parent.children) == (0, (1,))
    assert (child.notify, child.page) == (("pay-slack",), ("pay-pager",))
    assert (child.group_wait, child.update_interval, child.resolve_after, child.remind) == (
        20_000,
        60_000,
        0,
        4 * HOUR,
    )


def test_an_empty_list_replaces_what_is_inherited(tmp_path: Path) -> None:
    text = SMALLEST + "  - {name: quiet, parent: everything, match: ['env=\"dev\"'], page: []}\n"
    assert book(write(tmp_path, a=text)).routes[1].page == ()


def test_a_reminder_that_is_inherited_can_be_switched_off(tmp_path: Path) -> None:
    text = EVERYTHING.replace("    reason: money\n", "    remind: off\n")
    assert book(write(tmp_path, a=text)).routes[1].remind is None


def test_a_child_may_stand_in_a_file_before_its_parents(tmp_path: Path) -> None:
    child = "routes:\n  - {name: child, parent: everything, match: ['x=\"1\"'], group_wait: 1s}\n"
    rules = book(write(tmp_path, a=child, b=SMALLEST))
    assert rules.routes[0].notify == ("chat",)
    assert names(rules) == ["everything"]


ERRORS = [
    pytest.param(
        routes("{name: all, notify: [chat]}", "{name: b, parent: al}"),
        "5:23: unknown parent `al`; did you mean `all`?",
        id="an unknown parent",
    ),
    pytest.param(
        routes("{name: a, parent: a, notify: [chat]}"),
        "4:23: the parents of `a` lead back to it",
        id="a route below itself",
    ),
]


@pytest.mark.parametrize(("text", "expected"), ERRORS)
def test_an_error_names_its_place_and_the_remedy(text: str, expected: str, tmp_path: Path) -> None:
    assert errors_of(text, tmp_path) == [expected]


WARNINGS = [
    pytest.param(
        "routes:\n  - {name: a}\n",
        "2:5: warning: route `a` tells nobody: its alerts reach no person (unrouted)",
        id="a route that tells nobody",
    ),
    pytest.param(
        "destinations:\n  lead: {pagerduty: {routing_key: {env: PAGERDUTY_ROUTING_KEY}}}\n"
        "routes:\n  - {name: a, escalate: [{after: 15m, page: [lead]}]}\n",
        "4:5: warning: route `a` tells nobody: its alerts reach no person (unrouted), and its steps are never taken: "
        "they count from its first call or telling",
        id="a route that tells nobody before its steps",
    ),
]


@pytest.mark.parametrize(("text", "expected"), WARNINGS)
def test_a_warning_leaves_the_rules_usable(text: str, expected: str, tmp_path: Path) -> None:
    assert warnings_of(text, tmp_path) == [expected]
