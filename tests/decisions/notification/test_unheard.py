"""What fires, has to be told and is told nowhere is unheard; nothing else is."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from gateway.decisions.notification.resolve import Plan
from gateway.model.alert import Alert
from gateway.model.durations import MINUTE, SECOND
from gateway.model.incident import UnheardAlert
from gateway.model.ledger import Intent, Ledger, Part
from gateway.model.own_alert import OWN_SOURCE
from gateway.model.rules.route import Condition, Mute, PageWhen, Quantifier
from gateway.model.rules.rulebook import Rulebook
from gateway.model.severity import Severity
from gateway.model.time_intervals import TimeInterval
from tests.decisions.cases import alert, closed, planned, route, told
from tests.support.build import START, pager, rulebook, slack

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL
TEAM = slack("team", "#{team}", allow=frozenset({"pay"}))
IF_CRITICAL = PageWhen(Quantifier.ANY, (Condition(severity=CRITICAL),))
CHAT = rulebook(route(page=()), destinations=(slack(),))
BOTH = rulebook()


def dead(target: str, error: str = "token_revoked", ledger: Ledger | None = None) -> Ledger:
    """The ledger of a target that has refused what it was to be told."""
    before = ledger or Ledger("inc", target, target)
    return msgspec.structs.replace(before, dead="auth", error=error, fell_back_at=START, failing_since=START)


def refusing(rules: Rulebook, *alerts: Alert, at: int = MINUTE, **more: object) -> tuple[Ledger, ...]:
    """Every target of the plan has refused just that."""
    views = planned(*alerts, at=at, rules=rules, **more).views  # type: ignore[arg-type]
    return tuple(
        msgspec.structs.replace(dead(target), refused=view.desired) for target, view in views.items()
    )


def unheard(plan: Plan) -> dict[str, str]:
    return {one.name: one.reason for one in plan.incident.unheard}


# Told nowhere


def test_what_every_target_refuses_is_unheard_with_what_each_said() -> None:
    down = alert("Down")
    plan = planned(down, at=MINUTE, rules=BOTH, ledgers=refusing(BOTH, down))
    assert plan.incident.unheard == (
        UnheardAlert(
            "Down",
            "dead_letter",
            "chat: token_revoked, pager: token_revoked",
            1,
            ("chat", "pager"),
            urgent=True,
        ),
    )
    assert plan.incident.unheard_since == START + MINUTE


def test_a_warning_that_its_only_channel_refuses_is_unheard_and_not_urgent() -> None:
    slow = alert("Slow", severity=WARNING)
    (found,) = planned(slow, at=MINUTE, rules=CHAT, ledgers=refusing(CHAT, slow)).incident.unheard
    assert (found.name, found.urgent) == ("Slow", False)


def test_a_warning_that_was_to_page_is_urgent() -> None:
    slow = alert("Slow", severity=WARNING)
    rules = rulebook(route(notify=()), destinations=(pager(),))
    (found,) = planned(slow, at=MINUTE, rules=rules, ledgers=refusing(rules, slow)).incident.unheard
    assert found.urgent


def test_one_that_joins_what_was_told_is_unheard_by_itself() -> None:
    first, second = alert("First"), alert("Second", at=MINUTE)
    before = told("chat", first, at=30 * SECOND, rules=CHAT)
    view = planned(first, second, at=2 * MINUTE, rules=CHAT, ledgers=(before,)).views["chat"]
    ledger = msgspec.structs.replace(dead("chat", ledger=before), refused=view.desired)
    plan = planned(first, second, at=2 * MINUTE, rules=CHAT, ledgers=(ledger,))
    assert unheard(plan) == {"Second": "dead_letter"}


def test_news_that_are_about_to_be_tried_change_nothing_about_what_was_refused() -> None:
    old, new = alert("Old"), alert("New", at=10 * MINUTE)
    ledgers = refusing(CHAT, old)
    at = 10 * MINUTE + 15 * SECOND
    plan = planned(old, new, at=at, rules=CHAT, ledgers=ledgers)
    assert [(one.name, one.reason, one.because) for one in plan.incident.unheard] == [
        ("Old", "dead_letter", "chat: token_revoked")
    ]
    tried_next = plan.views["chat"].ledger
    assert (tried_next.dead, tried_next.error) == ("", "token_revoked")


def test_a_template_value_outside_allow_is_unheard_though_another_target_has_a_ledger() -> None:
    """The pager would take it if it were critical: nobody is told of a warning."""
    slow = alert("Slow", severity=WARNING, team="evil")
    rules = rulebook(route(notify=("team",), page_when=IF_CRITICAL), destinations=(TEAM, pager()))
    (found,) = planned(slow, at=MINUTE, rules=rules).incident.unheard
    assert (found.reason, found.because) == ("template_value", "`evil` is not in `allow` of team")


def test_a_template_value_outside_allow_is_unheard_without_any_ledger() -> None:
    rules = rulebook(route(notify=("team",), page=()), destinations=(TEAM,))
    assert unheard(planned(alert("Slow", severity=WARNING, team="evil"), rules=rules)) == {
        "Slow": "template_value"
    }


def test_a_critical_that_no_route_takes_is_unheard_and_a_warning_is_not() -> None:
    rules = rulebook(route(notify=(), page=()))
    plan = planned(alert("Down"), alert("Slow", severity=WARNING), rules=rules)
    assert [(one.name, one.reason, one.urgent) for one in plan.incident.unheard] == [
        ("Down", "unrouted", True)
    ]


def test_alerts_of_one_name_are_counted_and_the_urgent_come_first() -> None:
    alerts = [alert("Slow", severity=WARNING, pod=str(pod)) for pod in range(3)] + [alert("Down")]
    plan = planned(*alerts, at=MINUTE, rules=CHAT, ledgers=refusing(CHAT, *alerts))
    assert [(one.name, one.count) for one in plan.incident.unheard] == [("Down", 1), ("Slow", 3)]


def test_no_more_names_are_kept_than_a_record_should_hold() -> None:
    alerts = [alert(f"A{number}") for number in range(40)]
    plan = planned(*alerts, at=MINUTE, rules=CHAT, ledgers=refusing(CHAT, *alerts))
    assert len(plan.incident.unheard) == 10


def test_a_report_of_ours_that_reaches_nobody_is_known_as_one() -> None:
    own = msgspec.structs.replace(alert("GatewayUnheard"), spoken_by=f"{OWN_SOURCE}1")
    forged = alert("GatewayUnheard", pod="x")
    for one, last_resort in ((own, True), (forged, False)):
        plan = planned(one, at=MINUTE, rules=CHAT, ledgers=refusing(CHAT, one))
        assert [found.last_resort for found in plan.incident.unheard] == [last_resort]


# Away, and not refused


def away(view_target: str, *, since: int) -> Ledger:
    return Ledger("inc", view_target, view_target, failing_since=START + since, error="unavailable")


@pytest.mark.parametrize(
    ("at", "heard"),
    [
        pytest.param(2 * MINUTE, True, id="a short outage is ridden out"),
        pytest.param(2 * MINUTE + 11 * SECOND, False, id="it was tried in vain for over two minutes"),
    ],
)
def test_a_vendor_that_is_away_leaves_it_unheard_after_two_minutes(at: int, heard: bool) -> None:
    plan = planned(alert("Down"), at=at, rules=CHAT, ledgers=(away("chat", since=10 * SECOND),))
    assert unheard(plan) == ({} if heard else {"Down": "waiting_to_send"})


def test_it_is_looked_at_again_when_the_outage_is_no_short_one_any_more() -> None:
    plan = planned(alert("Down"), at=MINUTE, rules=CHAT, ledgers=(away("chat", since=10 * SECOND),))
    assert plan.look_at is not None
    assert plan.look_at <= START + 2 * MINUTE + 10 * SECOND + 1


def test_one_that_joins_what_fails_is_tried_before_it_is_unheard() -> None:
    old, new = alert("Old"), alert("New", at=10 * MINUTE)
    ledgers = (away("chat", since=10 * SECOND),)
    early = planned(old, new, at=10 * MINUTE + 15 * SECOND, rules=CHAT, ledgers=ledgers)
    assert unheard(early) == {"Old": "waiting_to_send"}
    late = planned(old, new, at=11 * MINUTE, rules=CHAT, ledgers=ledgers)
    assert unheard(late) == {"Old": "waiting_to_send", "New": "waiting_to_send"}


def test_a_page_that_was_never_answered_has_reached_nobody() -> None:
    """It is taken to have arrived, so that its end is sent; nobody may rely on that."""
    rules = rulebook(route(notify=()), destinations=(pager(),))
    believed = told("pager", alert("Down"), at=MINUTE, rules=rules)
    intent = Intent(
        "t1", START + 20 * SECOND, Part.MESSAGE, 1, 1, believed.last_notified, creates_message=False
    )
    ledger = msgspec.structs.replace(
        away("pager", since=20 * SECOND), endpoint=believed.endpoint, intent=intent
    )
    plan = planned(alert("Down"), at=5 * MINUTE, rules=rules, ledgers=(ledger,))
    assert unheard(plan) == {"Down": "waiting_to_send"}


# Heard, or not to be told


def test_one_that_is_told_at_another_target_is_heard() -> None:
    down = alert("Down")
    ledgers = (told("chat", down, at=30 * SECOND), dead("pager"))
    assert unheard(planned(down, at=MINUTE, ledgers=ledgers)) == {}


def test_one_that_another_target_is_about_to_be_told_may_be_heard_yet() -> None:
    down = alert("Down")
    (_, pagers) = refusing(BOTH, down)
    assert unheard(planned(down, at=MINUTE, ledgers=(pagers,))) == {}


def test_the_fallbacks_are_tried_before_anything_is_unheard() -> None:
    down = alert("Down")
    rules = rulebook(route(notify=()), destinations=(slack(), pager(fallback=("chat",))))
    first = refusing(rules, down)
    assert unheard(planned(down, at=MINUTE, rules=rules, ledgers=first)) == {}
    second = planned(down, at=MINUTE, rules=rules, ledgers=first).views["chat"].desired
    both = (*first, msgspec.structs.replace(dead("chat", "is_archived"), refused=second))
    (found,) = planned(down, at=MINUTE, rules=rules, ledgers=both).incident.unheard
    assert found.because == "pager: token_revoked, chat: is_archived"


def test_what_a_person_closed_is_not_to_be_told() -> None:
    down = alert("Down")
    rules = rulebook(route(notify=("team",), page=()), destinations=(TEAM,))
    plan = planned(alert("Down", team="evil"), at=2 * MINUTE, rules=rules, closed=closed(at=MINUTE))
    assert unheard(plan) == {}
    assert unheard(planned(down, at=2 * MINUTE, rules=rulebook(route(notify=(), page=())), closed=closed(at=MINUTE))) == {}  # fmt: skip


def test_a_channel_that_may_not_be_named_and_has_a_fallback_is_no_trouble() -> None:
    team = slack("team", "#{team}", allow=frozenset({"pay"}), fallback=("chat",))
    rules = rulebook(route(notify=("team",), page=()), destinations=(team, slack()))
    assert unheard(planned(alert("Down", team="evil"), rules=rules)) == {}


def test_a_channel_that_would_only_be_paged_is_missed_by_what_would_page() -> None:
    rules = rulebook(route(notify=(), page=("team",), page_when=IF_CRITICAL), destinations=(TEAM,))
    assert unheard(planned(alert("Slow", severity=WARNING, team="evil"), rules=rules)) == {}
    (found,) = planned(alert("Down", team="evil"), rules=rules).incident.unheard
    assert (found.reason, found.urgent) == ("template_value", True)


def test_a_channel_that_may_not_be_named_is_not_missed_while_its_route_is_mute() -> None:
    always = {"always": (TimeInterval.parse({}),)}
    mute = Mute(notify=("always",))
    rules = replace(
        rulebook(route(notify=("team",), page=(), mute=mute), destinations=(TEAM,)), intervals=always
    )
    assert unheard(planned(alert("Slow", severity=WARNING, team="evil"), rules=rules)) == {}
    assert unheard(planned(alert("Down", team="evil"), rules=rules)) == {"Down": "template_value"}


def test_what_has_ended_is_nobodys_business() -> None:
    over = alert("Down", ended=MINUTE)
    assert unheard(planned(over, at=2 * MINUTE, rules=CHAT, ledgers=(dead("chat"),))) == {}


def test_once_it_is_told_nothing_is_unheard_any_more() -> None:
    down = alert("Down")
    since = {"unheard_since": START + MINUTE, "unheard": (UnheardAlert("Down", "dead_letter", "x", 1),)}
    plan = planned(
        down, at=3 * MINUTE, rules=CHAT, ledgers=(told("chat", down, at=2 * MINUTE, rules=CHAT),), **since
    )
    assert (plan.incident.unheard, plan.incident.unheard_since) == ((), None)


def test_it_is_known_since_when_nobody_heard_however_the_reasons_change() -> None:
    down = alert("Down")
    since = {"unheard_since": START + MINUTE, "unheard": (UnheardAlert("Down", "unrouted", "x", 1),)}
    plan = planned(down, at=5 * MINUTE, rules=CHAT, ledgers=refusing(CHAT, down), **since)
    assert (plan.incident.unheard_since, unheard(plan)) == (START + MINUTE, {"Down": "dead_letter"})
