"""One target's view of an incident: how bad what it sees is."""

from __future__ import annotations

import msgspec
import pytest

from gateway.model.durations import MINUTE, SECOND
from gateway.model.ledger import NotifiedState
from gateway.model.severity import Severity
from tests.decisions.cases import alert, route, seen_by, told
from tests.support.build import START, match, pager, rulebook, slack

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL


# Each member is exactly one thing


def test_severity_none_is_told_where_a_rule_names_it() -> None:
    view = seen_by(
        "chat",
        alert(severity=Severity.NONE),
        at=MINUTE,
        rules=rulebook(route(match=match('alertname="HighErrorRate"'))),
    )
    assert view.desired.state is NotifiedState.FIRING


# How bad it is


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"ended": 5 * SECOND}, id="one that ended"),
        pytest.param({"held": 5 * MINUTE}, id="a disputed one"),
        pytest.param({"team": "elsewhere"}, id="one that is routed elsewhere"),
    ],
)
def test_a_view_is_as_severe_as_its_worst_firing_unsuppressed_member(other: dict[str, object]) -> None:
    elsewhere = route("elsewhere", match=match('team="elsewhere"'), notify=("other",), page=())
    rules = rulebook(elsewhere, route(), destinations=(slack(), pager(), slack("other", "C2")))
    worst = alert("Worst", severity=CRITICAL, **other)  # type: ignore[arg-type]
    view = seen_by(
        "chat", alert(severity=WARNING), alert("B", severity=Severity.INFO), worst, at=MINUTE, rules=rules
    )
    assert view.desired.severity is WARNING


def test_a_delivery_is_as_urgent_as_the_worst_that_fires_or_as_what_was_told() -> None:
    both = (alert(severity=WARNING), alert("Worse"))
    assert seen_by("chat", *both, at=MINUTE).severity is CRITICAL
    over = tuple(msgspec.structs.replace(one, firing=False, ended_at=START + MINUTE) for one in both)
    assert (
        seen_by("chat", *over, at=MINUTE, ledgers=(told("chat", *both, at=10 * SECOND),)).severity is CRITICAL
    )
