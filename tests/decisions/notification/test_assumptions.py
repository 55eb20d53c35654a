"""Something is taken for granted of a target: that an unanswered send arrived, that news replaces a dead
letter.
"""

from __future__ import annotations

from gateway.decisions.delivery.next_step import (
    Notify,
    at_rest,
)
from gateway.decisions.notification.assumptions import assumed
from gateway.model.durations import MINUTE, SECOND
from gateway.model.ledger import Intent, Ledger, NotifiedState, Part
from gateway.model.verdict import NotifyReason
from tests.decisions.cases import alert, seen_by, told
from tests.decisions.delivery.attempts import AWAY, INVALID, TIMEOUT, answered, empty, step
from tests.support.build import START


def test_a_dead_letter_of_an_edit_is_overtaken_by_the_end() -> None:
    ledger = told("pager", alert(), at=10 * SECOND)
    dead = answered(ledger, INVALID, alert(), alert(pod="b", at=MINUTE), at=2 * MINUTE)
    assert step(dead, alert(ended=3 * MINUTE), alert(pod="b", ended=3 * MINUTE), at=10 * MINUTE) == Notify(
        NotifyReason.ENDED
    )


def test_a_page_elsewhere_is_no_news_for_a_dead_letter() -> None:
    dead = answered(empty("chat"), INVALID, alert(), at=10 * SECOND)
    page = told("pager", alert(), at=11 * SECOND)
    view = seen_by("chat", alert(), at=MINUTE, ledgers=(dead, page))
    assert view.desired.pages
    assert view.ledger.dead == dead.dead != ""


def test_a_refusal_after_an_unanswered_trigger_still_owes_the_end() -> None:
    ledger = answered(empty("pager"), TIMEOUT, at=10 * SECOND, answered_at=18 * SECOND)
    ledger = answered(ledger, AWAY, at=20 * SECOND)
    assert assumed(ledger).last_notified.state is NotifiedState.FIRING
    assert not at_rest(ledger)


def test_a_refusal_without_anything_unanswered_owes_nothing() -> None:
    ledger = answered(empty("pager"), AWAY, at=10 * SECOND)
    assert assumed(ledger).last_notified.state is NotifiedState.NOTHING
    assert at_rest(ledger)


def test_a_firing_sent_under_a_key_and_not_answered_is_owed_its_end() -> None:
    last_notified = told("pager", alert(), at=10 * SECOND).last_notified
    intent = Intent("a1", START, Part.MESSAGE, 1, 1, last_notified, creates_message=False)
    ledger = Ledger("inc", "pager", "pager", intent=intent)
    assert (
        seen_by("pager", alert(ended=MINUTE), at=10 * MINUTE, ledgers=(ledger,)).desired.state
        is NotifiedState.ENDED
    )
