"""An incident is over once every view was quiet, and is looked at again when something changes by time alone."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.notification.resolve import remind_at
from gateway.model.alert import Alert
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.ledger import Ledger
from gateway.model.rules.rulebook import Rulebook
from tests.decisions.cases import acknowledged, alert, closed, planned, route, told
from tests.support.build import START, match, rulebook

DISPUTED = 330 * SECOND  # 5m30s


def both_told(*alerts: Alert, at: int = 10 * SECOND, rules: Rulebook | None = None) -> tuple[Ledger, Ledger]:
    return told("chat", *alerts, at=at, rules=rules), told("pager", *alerts, at=at, rules=rules)


# The end


def test_an_incident_is_resolved_once_every_view_was_quiet_for_its_own_time() -> None:
    ledgers = both_told(alert())
    over = alert(ended=5 * MINUTE)
    assert planned(over, at=6 * MINUTE - 1, ledgers=ledgers).incident.resolved_at is None
    assert planned(over, at=6 * MINUTE, ledgers=ledgers).incident.resolved_at == START + 6 * MINUTE


def test_the_next_look_is_when_the_quiet_time_is_over() -> None:
    plan = planned(alert(ended=5 * MINUTE), at=5 * MINUTE, ledgers=both_told(alert()))
    assert plan.look_at == START + 6 * MINUTE


# Reminders


def reminded(*, at: int, ledger: Ledger, rules: Rulebook, **more: object) -> int:
    plan = planned(alert(), at=at, rules=rules, ledgers=(ledger,), **more)
    return remind_at(plan.views["chat"], plan.incident, ledger)


def test_an_incident_that_nobody_has_is_reminded_of_each_time_that_the_route_says() -> None:
    rules = rulebook(route(remind=4 * HOUR, page=()))
    ledger = told("chat", alert(), at=10 * SECOND, rules=rules)
    assert reminded(at=MINUTE, ledger=ledger, rules=rules) == START + 10 * SECOND + 4 * HOUR
    again = msgspec.structs.replace(ledger, reminded_at=START + 5 * HOUR)
    assert reminded(at=6 * HOUR, ledger=again, rules=rules) == START + 9 * HOUR


def test_the_shortest_reminder_of_the_routes_counts_and_is_the_next_look() -> None:
    rules = rulebook(
        route("a", match=match('team="a"'), remind=HOUR, page=()),
        route("b", match=match('team="b"'), remind=2 * HOUR, page=()),
    )
    both = (alert(team="a"), alert(team="b"))
    ledger = told("chat", *both, at=10 * SECOND, rules=rules)
    assert planned(*both, at=MINUTE, rules=rules, ledgers=(ledger,)).look_at == START + 10 * SECOND + HOUR


@pytest.mark.parametrize(
    ("remind", "is_told", "more"),
    [
        pytest.param(None, True, {}, id="it is off unless the route says so"),
        pytest.param(HOUR, False, {}, id="nothing was told yet"),
        pytest.param(HOUR, True, {"acknowledged": acknowledged(at=MINUTE)}, id="somebody has it"),
        pytest.param(HOUR, True, {"closed": closed(at=MINUTE)}, id="it is closed by hand"),
    ],
)
def test_nobody_is_reminded(remind: int | None, is_told: bool, more: dict[str, object]) -> None:
    rules = rulebook(route(remind=remind, page=()))
    ledger = told("chat", alert(), at=10 * SECOND, rules=rules) if is_told else Ledger("inc", "chat", "chat")
    assert reminded(at=2 * MINUTE, ledger=ledger, rules=rules, **more) is None


# The next look


def test_the_soonest_of_several_looks_counts() -> None:
    ledgers = both_told(alert())
    plan = planned(
        alert(), alert(pod="b", held=DISPUTED), at=MINUTE, ledgers=ledgers, closed=closed(at=30 * SECOND)
    )
    assert plan.look_at == START + DISPUTED


def test_nothing_that_changes_by_time_alone_needs_no_look() -> None:
    assert planned(alert(), at=MINUTE, ledgers=both_told(alert())).look_at is None


def test_a_look_is_never_in_the_past() -> None:
    plan = planned(alert(held=DISPUTED), at=HOUR, closed=closed(at=MINUTE, length=MINUTE))
    assert plan.look_at is None
