"""Each member is one thing to each target, for a named reason, and each target's counts follow from that."""

from __future__ import annotations

from itertools import product

import msgspec
import pytest

from gateway.decisions.notification.member_status import NO_ANSWER, count_statuses
from gateway.model.credentialed import LOG
from gateway.model.durations import MINUTE, SECOND
from gateway.model.ledger import Endpoint, Ledger, NotifiedState
from gateway.model.rules.route import Condition, PageWhen, Quantifier
from gateway.model.rules.rulebook import Rulebook
from gateway.model.severity import Severity
from gateway.model.verdict import Verdict
from tests.decisions.cases import alert, closed, planned, route, seen_by, told
from tests.support.build import START, rulebook

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL
IF_CRITICAL = Condition(severity=CRITICAL)


def paging(*conditions: Condition, quantifier: Quantifier = Quantifier.ANY) -> Rulebook:
    return rulebook(route(page_when=PageWhen(quantifier, conditions)))


# Each member is exactly one thing


def verdict_at(
    target: str, *, at: int, is_told: bool, is_dead: bool, is_suppressed: bool, is_held: bool
) -> Verdict:
    one = alert(held=10 * MINUTE if is_held else None)
    ledger = told(target, alert(), at=10 * SECOND) if is_told else Ledger("inc", target, target)
    closure = closed(at=30 * SECOND) if is_suppressed else None
    if is_dead:
        desired = seen_by(target, one, at=at, ledgers=(ledger,), closed=closure).desired
        ledger = msgspec.structs.replace(ledger, dead="invalid", refused=desired)
    view = seen_by(target, one, at=at, ledgers=(ledger,), closed=closure)
    books, verdicts = count_statuses(view, START + at)
    assert books.members == books.told + books.undeliverable + books.suppressed + books.held + books.due == 1
    return verdicts[one.episode_id]


@pytest.mark.parametrize(
    ("is_told", "is_dead", "is_suppressed", "is_held"), list(product([True, False], repeat=4))
)
def test_a_member_is_told_else_undeliverable_else_suppressed_else_held_else_due(
    is_told: bool, is_dead: bool, is_suppressed: bool, is_held: bool
) -> None:
    claims = {
        "told": is_told,
        "undeliverable": is_dead,
        "suppressed": is_suppressed,
        "held": is_held,
        "due": True,
    }
    expected = next(name for name, claimed in claims.items() if claimed)
    found = verdict_at(
        "chat", at=MINUTE, is_told=is_told, is_dead=is_dead, is_suppressed=is_suppressed, is_held=is_held
    )
    assert found.outcome == expected


def test_a_member_that_waits_for_group_wait_is_held_with_the_rule_and_the_time() -> None:
    one = alert()
    _, verdicts = count_statuses(seen_by("chat", one, at=4 * SECOND), START + 4 * SECOND)
    assert verdicts[one.episode_id] == Verdict(
        "held", "group_wait", "everything (built-in)", START + 10 * SECOND
    )  # type: ignore[arg-type]


def test_a_member_that_joins_a_told_view_is_held_for_the_update_interval() -> None:
    first, second = alert(), alert(pod="b", at=20 * SECOND)
    view = seen_by("chat", first, second, at=21 * SECOND, ledgers=(told("chat", first, at=10 * SECOND),))
    _, verdicts = count_statuses(view, START + 21 * SECOND)
    assert [(one.outcome, one.reason, one.until) for one in verdicts.values()] == [
        ("told", "delivered", None),
        ("held", "update_interval", START + 40 * SECOND),
    ]


def test_a_member_of_a_page_that_nobody_has_answered_says_that_it_may_have_arrived() -> None:
    one = alert()
    ledger = msgspec.structs.replace(
        told("pager", one, at=10 * SECOND), first_notified_at=None, unconfirmed_since=START + 10 * SECOND
    )
    view = seen_by("pager", one, at=MINUTE, ledgers=(ledger,))
    _, verdicts = count_statuses(view, START + MINUTE)
    found = verdicts[one.episode_id]
    assert (found.outcome, found.reason, found.because) == ("told", "delivered", NO_ANSWER)


def test_a_member_that_only_the_log_was_told_of_says_which_credential_is_missing() -> None:
    one = alert()
    ledger = msgspec.structs.replace(
        told("chat", one, at=10 * SECOND), endpoint=Endpoint(LOG, "#ops", "SLACK_BOT_TOKEN", "")
    )
    view = seen_by("chat", one, at=MINUTE, ledgers=(ledger,))
    (found,) = count_statuses(view, START + MINUTE)[1].values()
    assert (found.outcome, found.reason, found.because) == ("told", "log_only", "SLACK_BOT_TOKEN is not set")


def test_an_update_whose_interval_is_over_is_due() -> None:
    first, second = alert(), alert(pod="b", at=20 * SECOND)
    view = seen_by("chat", first, second, at=40 * SECOND, ledgers=(told("chat", first, at=10 * SECOND),))
    _, verdicts = count_statuses(view, START + 40 * SECOND)
    assert verdicts[second.episode_id].outcome == "due"


@pytest.mark.parametrize(
    ("given", "outcome", "reason"),
    [
        pytest.param({"held": 5 * MINUTE}, "held", "disputed", id="a disputed firing is held"),
        pytest.param(
            {"severity": Severity.NONE}, "suppressed", "severity_none", id="severity none that no rule names"
        ),
        pytest.param({"ended": 5 * SECOND}, "suppressed", "ended_untold", id="an end before the telling"),
        pytest.param({}, "due", "waiting_to_send", id="nothing keeps it"),
    ],
)
def test_a_member_has_a_named_reason(given: dict[str, object], outcome: str, reason: str) -> None:
    one = alert(**given)  # type: ignore[arg-type]
    _, verdicts = count_statuses(seen_by("chat", one, at=MINUTE), START + MINUTE)
    assert (verdicts[one.episode_id].outcome, verdicts[one.episode_id].reason) == (outcome, reason)


def test_a_told_member_that_still_fires_ends_or_cannot_be_told_its_end_is_one_of_the_ends() -> None:
    ledger = told("pager", alert(), at=10 * SECOND)
    for one, dead, counted in [
        (alert(), "", (1, 0, 0)),
        (alert(ended=MINUTE), "", (0, 1, 0)),
        (alert(ended=MINUTE), "auth", (0, 0, 1)),
    ]:
        desired = seen_by("pager", one, at=2 * MINUTE, ledgers=(ledger,)).desired
        view = seen_by(
            "pager",
            one,
            at=2 * MINUTE,
            ledgers=(msgspec.structs.replace(ledger, dead=dead, refused=desired),),
        )
        books, _ = count_statuses(view, START + 2 * MINUTE)
        assert (books.telling_firing, books.ends_due, books.ends_undeliverable) == counted


# Whether it pages


def test_a_member_kept_back_by_page_when_says_so_and_is_told_in_chat_all_the_same() -> None:
    one = alert(severity=WARNING)
    views = planned(one, at=MINUTE, rules=paging(IF_CRITICAL)).views
    _, at_pager = count_statuses(views["pager"], START + MINUTE)
    assert at_pager[one.episode_id].reason == "page_when"
    assert (views["chat"].desired.state, views["chat"].desired.paged) == (NotifiedState.FIRING, False)
