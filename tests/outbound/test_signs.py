"""Each severity has a sign of its own, and each suppression its words."""

from __future__ import annotations

from gateway.decisions.delivery.thread_notes import OVER
from gateway.model.ledger import NotifiedState
from gateway.model.severity import Severity
from gateway.model.verdict import QUIETING
from gateway.outbound.signs import QUIETED_WORDS, SEVERITY_SIGNS, final_state
from tests.outbound.notifications import NOW, notification


def test_each_severity_has_a_sign_of_its_own_the_worst_is_red() -> None:
    assert len(set(SEVERITY_SIGNS.values())) == len(Severity)
    assert SEVERITY_SIGNS[Severity.CRITICAL] == Severity.CRITICAL.sign == "🔴"


def test_everything_that_keeps_news_away_has_a_word_for_the_headline_and_for_its_end() -> None:
    assert set(QUIETED_WORDS) == set(OVER) == set(QUIETING)


def test_what_ended_without_a_recovery_is_neither_green_nor_resolved() -> None:
    recovered = notification(state=NotifiedState.ENDED, ended_at=NOW)
    paused = notification(state=NotifiedState.ENDED, ended_at=NOW, ended_because="its rule was paused")
    assert final_state(recovered) == ("✅", "Resolved")
    assert final_state(paused) == ("⏹️", "Ended")
    assert final_state(notification()) is None
