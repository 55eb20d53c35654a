"""The plan of one incident: what people did to it, what is disputed, and what every target should have been
notified of.
"""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.notification.resolve import Plan
from gateway.model.alert import Alert
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.incident import Acknowledgement, Closure
from gateway.model.ledger import Ledger, NotifiedState
from gateway.model.rules.rulebook import Rulebook
from gateway.model.severity import Severity
from tests.decisions.cases import alert, closed, planned, seen_by, told
from tests.support.build import START

DISPUTED = 330 * SECOND  # 5m30s
WARNING = Severity.WARNING


def wants(plan: Plan) -> dict[str, NotifiedState]:
    return {target: view.desired.state for target, view in plan.views.items()}


def both_told(*alerts: Alert, at: int = 10 * SECOND, rules: Rulebook | None = None) -> tuple[Ledger, Ledger]:
    return told("chat", *alerts, at=at, rules=rules), told("pager", *alerts, at=at, rules=rules)


# A disputed firing


def test_a_disputed_firing_is_told_to_nobody_for_five_and_a_half_minutes() -> None:
    one = alert(held=DISPUTED, severity=Severity.WARNING)
    assert set(wants(planned(one, at=DISPUTED - 1)).values()) == {NotifiedState.NOTHING}
    assert set(wants(planned(one, at=DISPUTED)).values()) == {NotifiedState.FIRING}


def test_a_disputed_firing_is_looked_at_when_its_time_is_over() -> None:
    assert planned(alert(held=DISPUTED, severity=Severity.WARNING), at=MINUTE).look_at == START + DISPUTED


def test_a_disputed_firing_that_ends_in_its_time_is_told_to_nobody() -> None:
    plan = planned(alert(held=DISPUTED, ended=MINUTE), at=10 * MINUTE)
    assert set(wants(plan).values()) == {NotifiedState.NOTHING}
    assert plan.incident.resolved_at


# The end


def test_the_end_is_told_through_what_suppresses_a_firing() -> None:
    """Severity none now, by new rules: whoever was told of the firing is told of its end."""
    ledger = told("chat", alert(), at=10 * SECOND)
    over = msgspec.structs.replace(alert(ended=MINUTE), severity=Severity.NONE)
    assert seen_by("chat", over, at=MINUTE, ledgers=(ledger,)).desired.state is NotifiedState.ENDED


# Closed by hand


def closed_at_both(*alerts: Alert) -> tuple[Ledger, ...]:
    ledgers = both_told(*alerts)
    return tuple(
        told(one.target, *alerts, at=MINUTE, ledgers=ledgers, closed=closed(at=MINUTE)) for one in ledgers
    )


def test_closed_by_hand_says_who_and_resolves_the_page() -> None:
    plan = planned(alert(), at=MINUTE, ledgers=both_told(alert()), closed=closed(at=MINUTE))
    assert wants(plan) == {"chat": NotifiedState.CLOSED, "pager": NotifiedState.CLOSED}
    assert plan.views["chat"].desired.closed_by == "ann"
    assert plan.look_at == START + MINUTE + HOUR


def test_closed_by_hand_is_not_an_end_of_the_alerts() -> None:
    """In the books they are still firing: their end is still owed."""
    ledgers = closed_at_both(alert())
    assert all(ledger.last_notified.members == {alert().episode_id: True} for ledger in ledgers)


def test_closed_by_hand_keeps_an_untold_member_from_being_told() -> None:
    plan = planned(alert(), at=MINUTE, closed=closed(at=5 * SECOND))
    assert set(wants(plan).values()) == {NotifiedState.NOTHING}


@pytest.mark.parametrize(
    ("members", "at", "closure", "state"),
    [
        pytest.param([alert()], 30 * MINUTE, closed(at=MINUTE), NotifiedState.CLOSED, id="while it lasts"),
        pytest.param([alert()], 61 * MINUTE, closed(at=MINUTE), NotifiedState.FIRING, id="its time is over and it fires"),
        pytest.param([alert(ended=2 * MINUTE)], 5 * MINUTE, closed(at=MINUTE), NotifiedState.ENDED, id="all members end"),
        pytest.param([alert()], 2 * MINUTE, closed(at=MINUTE, severity=WARNING), NotifiedState.FIRING, id="a member rises"),
    ],
)  # fmt: skip
def test_closed_by_hand_lasts_to_one_of_its_three_ends(
    members: list[Alert], at: int, closure: Closure, state: NotifiedState
) -> None:
    plan = planned(*members, at=at, ledgers=closed_at_both(alert()), closed=closure)
    assert set(wants(plan).values()) == {state}
    assert all(
        0 < view.due <= START + at for view in plan.views.values() if state is not NotifiedState.CLOSED
    )


def test_a_closure_that_is_over_is_taken_out_of_the_incident() -> None:
    assert planned(alert(), at=61 * MINUTE, closed=closed(at=MINUTE)).incident.closed is None


def test_one_of_two_ends_while_closed_and_the_closure_holds() -> None:
    both = (alert(), alert(pod="b"))
    plan = planned(
        alert(ended=2 * MINUTE),
        both[1],
        at=5 * MINUTE,
        ledgers=closed_at_both(*both),
        closed=closed(at=MINUTE),
    )
    assert set(wants(plan).values()) == {NotifiedState.CLOSED}


@pytest.mark.parametrize(
    ("at_severity", "holds"),
    [
        pytest.param(Severity.CRITICAL, True, id="what is as bad as it was does not take it back"),
        pytest.param(WARNING, False, id="what is worse than it was takes it back"),
    ],
)
def test_an_acknowledgement_and_a_rise(at_severity: Severity, holds: bool) -> None:
    plan = planned(alert(), at=MINUTE, acknowledged=Acknowledgement("ann", START, at_severity))
    assert (plan.incident.acknowledged is not None) is holds
    assert {view.desired.acknowledged_by for view in plan.views.values()} == {"ann" if holds else ""}


# The next look


def test_the_same_snapshot_at_the_same_time_gives_the_same_plan() -> None:
    ledgers = both_told(alert())
    once, twice = (
        planned(alert(ended=MINUTE), alert(pod="b"), at=2 * MINUTE, ledgers=ledgers) for _ in range(2)
    )
    assert once == twice
