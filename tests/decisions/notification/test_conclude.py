"""Each target should have been notified of this by now: whether it pages, what it waits for, and when it
ends.
"""

from __future__ import annotations

import pytest

from gateway.decisions.notification.resolve import Plan
from gateway.model.alert import Alert
from gateway.model.durations import MINUTE, SECOND
from gateway.model.ledger import Ledger, NotifiedState
from gateway.model.rules.route import Condition, PageWhen, Quantifier
from gateway.model.rules.rulebook import Rulebook
from gateway.model.severity import Severity
from tests.decisions.cases import acknowledged, alert, closed, planned, route, seen_by, told
from tests.support.build import START, match, rulebook, slack

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL
IF_CRITICAL = Condition(severity=CRITICAL)
IF_TWO = Condition(alerts=2)
IF_SLO = Condition(match=match('slo="true"'))


def paging(*conditions: Condition, quantifier: Quantifier = Quantifier.ANY) -> Rulebook:
    return rulebook(route(page_when=PageWhen(quantifier, conditions)))


def by_team(pay: dict[str, object], cart: dict[str, object]) -> Rulebook:
    """Two routes to the same targets, as the teams want them."""
    return rulebook(
        route("pay", match=match('team="pay"'), **pay),
        route("cart", match=match('team="cart"'), **cart),
    )


# How bad it is


def test_a_view_is_silent_only_when_every_firing_member_is_suppressed() -> None:
    silent = alert("Watchdog", severity=Severity.NONE)
    assert seen_by("chat", silent, at=MINUTE).desired.state is NotifiedState.NOTHING
    assert seen_by("chat", silent, alert(), at=MINUTE).desired.state is NotifiedState.FIRING


# Whether it pages


@pytest.mark.parametrize(
    ("quantifier", "conditions", "members", "pages"),
    [
        pytest.param("any", (), [{"severity": WARNING}], True, id="without a condition it always pages"),
        pytest.param("any", (IF_CRITICAL,), [{"severity": WARNING}], False, id="a severity below the least does not"),
        pytest.param("any", (Condition(severity=WARNING),), [{}], True, id="a severity is at least, not exactly"),
        pytest.param("any", (IF_TWO,), [{}], False, id="one alert is not two"),
        pytest.param("any", (IF_TWO,), [{}, {"pod": "b"}], True, id="two different alerts are two"),
        pytest.param("any", (IF_TWO,), [{"episode": 1, "ended": 1}, {"episode": 2}], False, id="two lives of one are one"),
        pytest.param("any", (IF_TWO,), [{}, {"pod": "b", "ended": 1}], False, id="an ended alert does not count"),
        pytest.param("any", (IF_TWO,), [{}, {"pod": "b", "held": 5 * MINUTE}], False, id="a disputed alert does not count"),
        pytest.param("any", (IF_SLO,), [{"slo": "true"}], True, id="a match pages"),
        pytest.param("any", (IF_SLO,), [{"slo": "false"}], False, id="no match does not"),
        pytest.param("any", (IF_SLO, IF_TWO), [{"slo": "true"}], True, id="any: one of two is enough"),
        pytest.param("all", (IF_SLO, IF_TWO), [{"slo": "true"}], False, id="all: one of two is not"),
        pytest.param("all", (IF_SLO, IF_TWO), [{"slo": "true"}, {}], True, id="all: different alerts may fulfil them"),
    ],
)  # fmt: skip
def test_page_when(
    quantifier: str, conditions: tuple[Condition, ...], members: list[dict[str, object]], pages: bool
) -> None:
    alerts = [alert(**one) for one in members]  # type: ignore[arg-type]
    view = seen_by("pager", *alerts, at=MINUTE, rules=paging(*conditions, quantifier=Quantifier(quantifier)))
    assert (view.desired.paged, view.desired.state) == (
        (True, NotifiedState.FIRING) if pages else (False, NotifiedState.NOTHING)
    )


def test_page_when_is_judged_on_what_the_target_sees_not_on_the_incident() -> None:
    rules = rulebook(
        route("pay", match=match('team="pay"'), page_when=PageWhen(conditions=(IF_TWO,))),
        route("cart", match=match('team="cart"'), page=()),
    )
    assert not seen_by("pager", alert(team="pay"), alert(team="cart"), at=MINUTE, rules=rules).desired.paged


def test_page_when_counts_all_that_the_target_sees_by_whatever_route() -> None:
    two = PageWhen(conditions=(IF_TWO,))
    rules = by_team({"page_when": two}, {"page_when": two})
    assert seen_by("pager", alert(team="pay"), alert(team="cart"), at=MINUTE, rules=rules).desired.paged


def test_a_condition_that_comes_true_late_pages_then_at_once() -> None:
    one, two = alert(), alert(pod="b", at=10 * MINUTE)
    view = seen_by("pager", one, two, at=10 * MINUTE, rules=paging(IF_TWO))
    assert view.desired.paged
    assert view.due <= START + 10 * MINUTE


def test_a_page_lasts_to_the_end_of_the_view() -> None:
    rules = paging(IF_CRITICAL)
    critical, warning = alert(), alert("Disk", severity=WARNING)
    ledger = told("pager", critical, warning, at=10 * SECOND, rules=rules)
    view = seen_by("pager", alert(ended=MINUTE), warning, at=5 * MINUTE, rules=rules, ledgers=(ledger,))
    assert (view.desired.state, view.desired.paged) == (NotifiedState.FIRING, True)


def test_a_page_lasts_through_a_quiet_time() -> None:
    rules = paging(IF_CRITICAL)
    ledger = told("pager", alert(), at=10 * SECOND, rules=rules)
    again = alert("Disk", severity=WARNING, at=80 * SECOND)
    view = seen_by("pager", alert(ended=MINUTE), again, at=90 * SECOND, rules=rules, ledgers=(ledger,))
    assert (view.desired.state, view.desired.paged) == (NotifiedState.FIRING, True)


def test_after_a_told_end_the_condition_must_hold_anew() -> None:
    rules = paging(IF_CRITICAL)
    first, over = alert(), alert(ended=MINUTE)
    ledger = told("pager", first, at=10 * SECOND, rules=rules)
    ledger = told("pager", over, at=3 * MINUTE, rules=rules, ledgers=(ledger,))
    assert ledger.last_notified.state is NotifiedState.ENDED
    again = alert("Disk", severity=WARNING, at=4 * MINUTE)
    assert (
        seen_by("pager", over, again, at=5 * MINUTE, rules=rules, ledgers=(ledger,)).desired.state
        is NotifiedState.ENDED
    )


# What it waits for before a telling


def test_group_wait_counts_from_the_first_member() -> None:
    view = seen_by("chat", alert(), alert(pod="b", at=8 * SECOND), at=9 * SECOND)
    assert view.due == START + 10 * SECOND


def test_group_wait_counts_from_the_first_member_of_this_view() -> None:
    rules = rulebook(
        route("pay", match=match('team="pay"'), page=()),
        route("cart", match=match('team="cart"'), notify=("other",), page=()),
        destinations=(slack(), slack("other", "C2")),
    )
    view = seen_by("other", alert(team="pay"), alert(team="cart", at=8 * SECOND), at=9 * SECOND, rules=rules)
    assert view.due == START + 18 * SECOND


def test_before_a_notification_the_shortest_wait_wins() -> None:
    rules = by_team({"group_wait": MINUTE}, {"group_wait": 5 * SECOND})
    view = seen_by("chat", alert(team="pay"), alert(team="cart", at=SECOND), at=2 * SECOND, rules=rules)
    assert view.due == START + 6 * SECOND


def test_a_disputed_member_whose_time_is_over_waits_for_nothing_more() -> None:
    one = alert(held=330 * SECOND, severity=Severity.WARNING)
    assert seen_by("chat", one, at=329 * SECOND).desired.state is NotifiedState.NOTHING
    view = seen_by("chat", one, at=330 * SECOND)
    assert (view.desired.state, view.due) == (NotifiedState.FIRING, START + 330 * SECOND)


def test_an_update_waits_for_the_shortest_update_interval() -> None:
    rules = by_team({"update_interval": 2 * MINUTE}, {"update_interval": 30 * SECOND})
    first = alert(team="pay")
    ledger = told("chat", first, at=10 * SECOND, rules=rules)
    view = seen_by(
        "chat", first, alert(team="cart", at=11 * SECOND), at=12 * SECOND, rules=rules, ledgers=(ledger,)
    )
    assert view.due == START + 40 * SECOND


def test_what_the_target_was_notified_of_already_is_not_due() -> None:
    view = seen_by("chat", alert(), at=MINUTE, ledgers=(told("chat", alert(), at=10 * SECOND),))
    assert (view.desired, view.due) == (view.ledger.last_notified, None)


@pytest.mark.parametrize(
    ("members", "more"),
    [
        pytest.param([alert(severity=WARNING), alert("Worse", at=12_000)], {}, id="a rise in severity"),
        pytest.param(
            [alert(severity=WARNING)], {"acknowledged": acknowledged(at=12_000)}, id="an acknowledgement"
        ),
        pytest.param([alert(severity=WARNING)], {"closed": closed(at=12_000)}, id="a close by hand"),
        pytest.param([alert(severity=WARNING, ended=12_000)], {}, id="the end of the view"),
    ],
)
def test_what_never_waits_for_the_update_interval(members: list[object], more: dict[str, object]) -> None:
    ledger = told("chat", alert(severity=WARNING), at=10 * SECOND)
    view = seen_by("chat", *members, at=12 * SECOND, ledgers=(ledger,), **more)  # type: ignore[arg-type]
    assert view.desired != ledger.last_notified
    assert 0 < view.due <= START + 12 * SECOND


def test_an_acknowledgement_taken_back_is_told_at_once() -> None:
    ledger = told("chat", alert(), at=10 * SECOND, acknowledged=acknowledged(at=5 * SECOND))
    view = seen_by("chat", alert(), at=12 * SECOND, ledgers=(ledger,))
    assert view.desired.acknowledged_by == ""
    assert 0 < view.due <= START + 12 * SECOND


def test_a_fall_in_severity_waits_for_the_update_interval() -> None:
    worse = alert("Worse")
    ledger = told("chat", alert(severity=WARNING), worse, at=10 * SECOND)
    view = seen_by(
        "chat", alert(severity=WARNING), alert("Worse", ended=11_000), at=12 * SECOND, ledgers=(ledger,)
    )
    assert (view.desired.severity, view.due) == (WARNING, START + 40 * SECOND)


# What it waits for before an end


def test_an_end_is_told_at_once_in_chat_and_after_a_minute_where_it_pages() -> None:
    ledgers = (told("chat", alert(), at=10 * SECOND), told("pager", alert(), at=10 * SECOND))
    views = planned(alert(ended=MINUTE), at=MINUTE, ledgers=ledgers).views
    assert (views["chat"].desired.state, views["chat"].due) == (NotifiedState.ENDED, START + MINUTE)
    assert (views["pager"].desired.state, views["pager"].look_at) == (
        NotifiedState.FIRING,
        START + 2 * MINUTE,
    )


def test_before_an_end_the_longest_quiet_time_wins() -> None:
    rules = by_team({"resolve_after": 5 * MINUTE}, {"resolve_after": 30 * SECOND})
    firing = (alert(team="pay"), alert(team="cart"))
    over = (alert(team="pay", ended=MINUTE), alert(team="cart", ended=2 * MINUTE))
    ledger = told("chat", *firing, at=10 * SECOND, rules=rules)
    early = seen_by("chat", *over, at=7 * MINUTE - 1, rules=rules, ledgers=(ledger,))
    assert (early.desired.state, early.look_at) == (NotifiedState.FIRING, START + 7 * MINUTE)
    assert (
        seen_by("chat", *over, at=7 * MINUTE, rules=rules, ledgers=(ledger,)).desired.state
        is NotifiedState.ENDED
    )


def test_a_re_fire_within_the_quiet_time_just_goes_on() -> None:
    rules = rulebook(route(resolve_after=5 * MINUTE))
    ledger = told("chat", alert(), at=10 * SECOND, rules=rules)
    lives = (alert(ended=MINUTE), alert(episode=2, at=2 * MINUTE))
    view = seen_by("chat", *lives, at=2 * MINUTE, rules=rules, ledgers=(ledger,))
    assert (view.desired.state, view.desired.quiet) == (NotifiedState.FIRING, False)


def test_a_quiet_view_says_until_when_it_is_quiet() -> None:
    rules = rulebook(route(resolve_after=5 * MINUTE))
    ledger = told("chat", alert(), at=10 * SECOND, rules=rules)
    view = seen_by("chat", alert(ended=MINUTE), at=2 * MINUTE, rules=rules, ledgers=(ledger,))
    assert (view.desired.quiet, view.quiet_until) == (True, START + 6 * MINUTE)


def test_a_flap_out_of_a_quiet_view_is_shown_at_once() -> None:
    rules = rulebook(route(resolve_after=5 * MINUTE))
    over = alert(ended=MINUTE)
    ledger = told("chat", alert(), at=10 * SECOND, rules=rules)
    ledger = told("chat", over, at=90 * SECOND, rules=rules, ledgers=(ledger,))
    view = seen_by(
        "chat", over, alert(episode=2, at=95 * SECOND), at=95 * SECOND, rules=rules, ledgers=(ledger,)
    )
    assert 0 < view.due <= START + 95 * SECOND


def test_nobody_is_told_the_end_of_what_they_were_never_told() -> None:
    view = seen_by("chat", alert(ended=5 * SECOND), at=10 * MINUTE)
    assert (view.desired.state, view.due) == (NotifiedState.NOTHING, None)


# Where members have moved to

NOBODY = rulebook(route("others", match=match('team="others"')))


def wants(plan: Plan) -> dict[str, NotifiedState]:
    return {target: view.desired.state for target, view in plan.views.items()}


def both_told(*alerts: Alert, at: int = 10 * SECOND, rules: Rulebook | None = None) -> tuple[Ledger, Ledger]:
    return told("chat", *alerts, at=at, rules=rules), told("pager", *alerts, at=at, rules=rules)


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
