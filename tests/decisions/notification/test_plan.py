"""The plan of one incident: what every target should believe now, when it is told so, and when to look again."""

from __future__ import annotations

import msgspec
import pytest

from gateway.decisions.notification.resolve import Plan, remind_at
from gateway.model.alert import Alert
from gateway.model.durations import HOUR, MINUTE, SECOND
from gateway.model.incident import Acknowledgement, Closure
from gateway.model.ledger import Intent, Ledger, NotifiedState, Part
from gateway.model.rules.rulebook import Rulebook
from gateway.model.severity import Severity
from tests.decisions.cases import acknowledged, alert, closed, planned, route, seen_by, told
from tests.support.build import START, match, rulebook, slack

DISPUTED = 330 * SECOND  # 5m30s
WARNING = Severity.WARNING
NOBODY = rulebook(route("others", match=match('team="others"')))


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


def test_an_incident_is_resolved_once_every_view_was_quiet_for_its_own_time() -> None:
    ledgers = both_told(alert())
    over = alert(ended=5 * MINUTE)
    assert planned(over, at=6 * MINUTE - 1, ledgers=ledgers).incident.resolved_at == 0
    assert planned(over, at=6 * MINUTE, ledgers=ledgers).incident.resolved_at == START + 6 * MINUTE


def test_the_next_look_is_when_the_quiet_time_is_over() -> None:
    plan = planned(alert(ended=5 * MINUTE), at=5 * MINUTE, ledgers=both_told(alert()))
    assert plan.look_at == START + 6 * MINUTE


def test_the_end_is_told_through_what_suppresses_a_firing() -> None:
    """Severity none now, by new rules: whoever was told of the firing is told of its end."""
    ledger = told("chat", alert(), at=10 * SECOND)
    over = msgspec.structs.replace(alert(ended=MINUTE), severity=Severity.NONE)
    assert seen_by("chat", over, at=MINUTE, ledgers=(ledger,)).desired.state is NotifiedState.ENDED


def test_a_firing_sent_under_a_key_and_not_answered_is_owed_its_end() -> None:
    last_notified = told("pager", alert(), at=10 * SECOND).last_notified
    intent = Intent("a1", START, Part.MESSAGE, 1, 1, last_notified, creates_message=False)
    ledger = Ledger("inc", "pager", "pager", intent=intent)
    assert seen_by("pager", alert(ended=MINUTE), at=10 * MINUTE, ledgers=(ledger,)).desired.state is NotifiedState.ENDED


# Rules that change under way


def test_a_member_that_is_told_elsewhere_now_has_moved_there() -> None:
    rules = rulebook(route(notify=("other",), page=()), destinations=(slack(), slack("other", "C2")))
    plan = planned(alert(), at=5 * MINUTE, rules=rules, ledgers=(told("chat", alert(), at=10 * SECOND),))
    assert wants(plan) == {"chat": NotifiedState.MOVED, "other": NotifiedState.FIRING}
    assert plan.views["chat"].moved_to == "told at other now"


def test_a_member_that_nobody_takes_any_more_is_no_longer_routed() -> None:
    plan = planned(alert(), at=5 * MINUTE, rules=NOBODY, ledgers=both_told(alert()))
    assert wants(plan) == {"chat": NotifiedState.MOVED, "pager": NotifiedState.MOVED}
    assert plan.views["pager"].moved_to == "no rule routes it here any longer"


def test_a_move_is_due_at_once() -> None:
    view = seen_by("pager", alert(), at=11 * SECOND, rules=NOBODY, ledgers=both_told(alert()))
    assert 0 < view.due <= START + 11 * SECOND


def test_what_has_moved_is_not_told_an_end_as_well() -> None:
    moved = told("chat", alert(), at=MINUTE, rules=NOBODY, ledgers=(told("chat", alert(), at=10 * SECOND),))
    view = seen_by("chat", alert(ended=2 * MINUTE), at=10 * MINUTE, rules=NOBODY, ledgers=(moved,))
    assert (view.desired.state, view.due) == (NotifiedState.MOVED, None)


def test_what_moves_back_is_told_again() -> None:
    moved = told("chat", alert(), at=MINUTE, rules=NOBODY, ledgers=(told("chat", alert(), at=10 * SECOND),))
    assert seen_by("chat", alert(), at=2 * MINUTE, ledgers=(moved,)).desired.state is NotifiedState.FIRING


# Closed by hand


def closed_at_both(*alerts: Alert) -> tuple[Ledger, ...]:
    ledgers = both_told(*alerts)
    return tuple(told(one.target, *alerts, at=MINUTE, ledgers=ledgers, closed=closed(at=MINUTE)) for one in ledgers)


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
    assert all(0 < view.due <= START + at for view in plan.views.values() if state is not NotifiedState.CLOSED)


def test_a_closure_that_is_over_is_taken_out_of_the_incident() -> None:
    assert planned(alert(), at=61 * MINUTE, closed=closed(at=MINUTE)).incident.closed is None


def test_one_of_two_ends_while_closed_and_the_closure_holds() -> None:
    both = (alert(), alert(pod="b"))
    plan = planned(alert(ended=2 * MINUTE), both[1], at=5 * MINUTE, ledgers=closed_at_both(*both), closed=closed(at=MINUTE))
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
        route("a", match=match('team="a"'), remind=HOUR, page=()), route("b", match=match('team="b"'), remind=2 * HOUR, page=())
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
    assert reminded(at=2 * MINUTE, ledger=ledger, rules=rules, **more) == 0


# The next look


def test_the_soonest_of_several_looks_counts() -> None:
    ledgers = both_told(alert())
    plan = planned(alert(), alert(pod="b", held=DISPUTED), at=MINUTE, ledgers=ledgers, closed=closed(at=30 * SECOND))
    assert plan.look_at == START + DISPUTED


def test_nothing_that_changes_by_time_alone_needs_no_look() -> None:
    assert planned(alert(), at=MINUTE, ledgers=both_told(alert())).look_at is None


def test_a_look_is_never_in_the_past() -> None:
    plan = planned(alert(held=DISPUTED), at=HOUR, closed=closed(at=MINUTE, length=MINUTE))
    assert plan.look_at is None


def test_the_same_case_at_the_same_time_gives_the_same_plan() -> None:
    ledgers = both_told(alert())
    once, twice = (planned(alert(ended=MINUTE), alert(pod="b"), at=2 * MINUTE, ledgers=ledgers) for _ in range(2))
    assert once == twice
