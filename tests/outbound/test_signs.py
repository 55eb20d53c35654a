"""Each severity has a sign of its own, and each suppression its words."""

from __future__ import annotations

from gateway.decisions.delivery.thread_notes import OVER
from gateway.model.severity import Severity
from gateway.model.verdict import QUIETING
from gateway.outbound.signs import QUIETED_WORDS, SEVERITY_SIGNS


def test_each_severity_has_a_sign_of_its_own_the_worst_is_red() -> None:
    assert len(set(SEVERITY_SIGNS.values())) == len(Severity)
    assert SEVERITY_SIGNS[Severity.CRITICAL] == Severity.CRITICAL.sign == "🔴"


def test_everything_that_keeps_news_away_has_a_word_for_the_headline_and_for_its_end() -> None:
    assert set(QUIETED_WORDS) == set(OVER) == set(QUIETING)
