"""Each target sees some members of an incident: by the routes, as a fallback, and because it was told before."""

from __future__ import annotations

import msgspec

from gateway.decisions.delivery.failure import fall_back
from gateway.decisions.notification.resolve import Plan
from gateway.model.alert import Alert
from gateway.model.durations import MINUTE, SECOND
from gateway.model.incident import Incident
from gateway.model.ledger import LastNotified, Ledger, NotifiedState
from gateway.model.rules.route import Condition, PageWhen
from gateway.model.rules.rulebook import Rulebook
from gateway.model.severity import Severity
from gateway.model.verdict import MemberStatus, Reason, Verdict
from tests.decisions.cases import MESSAGE, alert, planned, route, seen_by, told
from tests.support.build import START, match, pager, rulebook, slack

WARNING = Severity.WARNING
NOBODY = rulebook(route("others", match=match('team="others"')))


def wants(plan: Plan) -> dict[str, NotifiedState]:
    return {target: view.desired.state for target, view in plan.views.items()}


def both_told(*alerts: Alert, at: int = 10 * SECOND, rules: Rulebook | None = None) -> tuple[Ledger, Ledger]:
    return told("chat", *alerts, at=at, rules=rules), told("pager", *alerts, at=at, rules=rules)


# Who is told


def test_an_alert_that_no_route_takes_is_suppressed_as_unrouted() -> None:
    plan = planned(alert(), at=MINUTE, rules=NOBODY)
    assert not plan.views
    assert plan.untargeted == {alert().episode_id: Verdict(MemberStatus.SUPPRESSED, Reason.UNROUTED)}
    assert (plan.untargeted_counts.members, plan.untargeted_counts.suppressed) == (1, 1)


# The end


def test_an_end_after_its_route_is_gone_is_still_told() -> None:
    ledgers = both_told(alert())
    plan = planned(alert(ended=MINUTE), at=5 * MINUTE, rules=NOBODY, ledgers=ledgers)
    assert wants(plan) == {"chat": NotifiedState.ENDED, "pager": NotifiedState.ENDED}


# The fallback

SPARE = slack("spare", "C9")
STANDING_IN = rulebook(route(notify=()), destinations=(pager(fallback=("spare",)), SPARE))


def failing(ledger: Ledger, *, since: int = 10 * SECOND, fell_back: int | None = 130 * SECOND) -> Ledger:
    fell_back_at = START + fell_back if fell_back is not None else None
    return msgspec.structs.replace(ledger, failing_since=START + since, fell_back_at=fell_back_at)


NEVER_TOLD = Ledger("inc", "pager", "pager")


def test_a_target_that_fails_is_looked_at_when_its_fallback_takes_over() -> None:
    ledger = failing(NEVER_TOLD, fell_back=None)
    plan = planned(alert(), at=MINUTE, rules=STANDING_IN, ledgers=(ledger,))
    assert plan.look_at == START + 10 * SECOND + 2 * MINUTE
    assert wants(plan) == {"pager": NotifiedState.FIRING}


def test_a_fallback_takes_over_after_two_minutes_of_failing() -> None:
    ledger = failing(NEVER_TOLD, fell_back=None)
    assert fall_back(ledger, 2 * MINUTE, START + 130 * SECOND - 1).fell_back_at is None
    assert fall_back(ledger, 2 * MINUTE, START + 130 * SECOND).fell_back_at == START + 130 * SECOND


def test_a_failing_target_adds_its_view_to_the_fallback() -> None:
    plan = planned(alert(), at=3 * MINUTE, rules=STANDING_IN, ledgers=(failing(NEVER_TOLD),))
    assert wants(plan) == {"pager": NotifiedState.FIRING, "spare": NotifiedState.FIRING}
    assert plan.views["spare"].desired.covers == {"pager": True}
    assert plan.views["spare"].desired.paged


def test_a_fallback_that_sees_the_incident_itself_sees_each_member_once() -> None:
    rules = rulebook(destinations=(slack(), pager(fallback=("chat",))))
    plan = planned(alert(), at=3 * MINUTE, rules=rules, ledgers=(failing(NEVER_TOLD),))
    assert [member.alert.id for member in plan.views["chat"].members] == [alert().id]


def test_a_fallback_that_sees_the_incident_itself_interrupts_in_the_place_of_a_pager() -> None:
    rules = rulebook(destinations=(slack(), pager(fallback=("chat",))))
    assert not planned(alert(), at=3 * MINUTE, rules=rules).views["chat"].desired.paged
    assert (
        planned(alert(), at=3 * MINUTE, rules=rules, ledgers=(failing(NEVER_TOLD),))
        .views["chat"]
        .desired.paged
    )


def test_a_fallback_stays_with_a_target_that_recovered_and_says_so() -> None:
    at_spare = told("spare", alert(), at=3 * MINUTE, rules=STANDING_IN, ledgers=(failing(NEVER_TOLD),))
    recovered = msgspec.structs.replace(failing(NEVER_TOLD), failing_since=None)
    view = seen_by("spare", alert(), at=5 * MINUTE, rules=STANDING_IN, ledgers=(recovered, at_spare))
    assert (view.desired.state, view.desired.covers) == (NotifiedState.FIRING, {"pager": False})


def test_a_fallback_that_was_told_is_told_the_end() -> None:
    at_spare = told("spare", alert(), at=3 * MINUTE, rules=STANDING_IN, ledgers=(failing(NEVER_TOLD),))
    recovered = msgspec.structs.replace(failing(NEVER_TOLD), failing_since=None)
    view = seen_by(
        "spare", alert(ended=4 * MINUTE), at=10 * MINUTE, rules=STANDING_IN, ledgers=(recovered, at_spare)
    )
    assert view.desired.state is NotifiedState.ENDED


def test_a_fallback_is_over_with_the_end_there() -> None:
    """A re-fire after it goes to the target itself, which can be reached again."""
    over, again = alert(ended=4 * MINUTE), alert(episode=2, at=20 * MINUTE)
    at_spare = told("spare", alert(), at=3 * MINUTE, rules=STANDING_IN, ledgers=(failing(NEVER_TOLD),))
    recovered = msgspec.structs.replace(failing(NEVER_TOLD), failing_since=None)
    at_spare = told("spare", over, at=10 * MINUTE, rules=STANDING_IN, ledgers=(recovered, at_spare))
    assert at_spare.last_notified.state is NotifiedState.ENDED
    plan = planned(over, again, at=21 * MINUTE, rules=STANDING_IN, ledgers=(recovered, at_spare))
    assert wants(plan) == {"pager": NotifiedState.FIRING, "spare": NotifiedState.ENDED}


def test_the_fallback_of_a_failing_fallback_takes_over_in_its_turn() -> None:
    chain = (pager(fallback=("spare",)), slack("spare", "C9", fallback=("last",)), slack("last", "C8"))
    rules = rulebook(route(notify=()), destinations=chain)
    also = msgspec.structs.replace(failing(NEVER_TOLD), target="spare", destination="spare")
    plan = planned(alert(), at=9 * MINUTE, rules=rules, ledgers=(failing(NEVER_TOLD), also))
    assert wants(plan) == dict.fromkeys(("pager", "spare", "last"), NotifiedState.FIRING)


def test_two_that_stand_in_for_each_other_end_the_search() -> None:
    rules = rulebook(destinations=(slack(fallback=("pager",)), pager(fallback=("chat",))))
    also = msgspec.structs.replace(failing(NEVER_TOLD), target="chat", destination="chat")
    plan = planned(alert(), at=9 * MINUTE, rules=rules, ledgers=(failing(NEVER_TOLD), also))
    assert wants(plan) == {"chat": NotifiedState.FIRING, "pager": NotifiedState.FIRING}


def test_a_fallback_is_not_told_of_what_page_when_keeps_back() -> None:
    critical = PageWhen(conditions=(Condition(severity=Severity.CRITICAL),))
    rules = rulebook(route(notify=(), page_when=critical), destinations=(pager(fallback=("spare",)), SPARE))
    plan = planned(alert(severity=WARNING), at=9 * MINUTE, rules=rules, ledgers=(failing(NEVER_TOLD),))
    assert set(wants(plan).values()) == {NotifiedState.NOTHING}


# The next look


def test_an_incident_whose_alerts_are_not_to_be_found_is_planned_all_the_same() -> None:
    made = planned(
        at=MINUTE,
        members=(),
        ledgers=(Ledger("inc", "chat", "chat", last_notified=LastNotified(), message_ref=MESSAGE),),
    )
    assert isinstance(made.incident, Incident)
    assert wants(made) == {"chat": NotifiedState.NOTHING}
