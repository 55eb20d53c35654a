"""How often something fired, and for how long: what flaps, what overlaps, what goes on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decisions.delivery.firing_times import Span, firing_times
from gateway.model.durations import MINUTE
from gateway.model.worded import FiringTimes

ONE, TWO, FIVE, SIX, SEVEN = (number * MINUTE for number in (1, 2, 5, 6, 7))


@pytest.mark.parametrize(
    ("spans", "times"),
    [
        pytest.param([(0, None)], FiringTimes(0, 0, None, 1, 0), id="one life that goes on"),
        pytest.param([(0, ONE)], FiringTimes(0, 0, ONE, 1, ONE), id="one life that is over"),
        pytest.param(
            [(0, ONE), (FIVE, SIX), (SEVEN, None)], FiringTimes(0, SEVEN, None, 3, TWO), id="it flaps and goes on"
        ),
        pytest.param([(FIVE, SIX), (0, ONE)], FiringTimes(0, FIVE, SIX, 2, TWO), id="in any order"),
        pytest.param([(0, FIVE), (ONE, SIX)], FiringTimes(0, 0, SIX, 1, SIX), id="lives that overlap are one firing"),
        pytest.param([(0, ONE), (ONE, TWO)], FiringTimes(0, 0, TWO, 1, TWO), id="lives that touch are one firing"),
        pytest.param(
            [(0, None), (ONE, TWO)], FiringTimes(0, 0, None, 1, 0), id="while one fires, the end of another ends nothing"
        ),
        pytest.param([(FIVE, ONE)], FiringTimes(FIVE, FIVE, FIVE, 1, 0), id="an end before its start takes no time"),
    ],
)  # fmt: skip
def test_when_it_fired(spans: list[Span], times: FiringTimes) -> None:
    assert firing_times(spans) == times


@given(st.lists(st.tuples(st.integers(0, 50), st.none() | st.integers(0, 60)), min_size=1, max_size=9))
def test_it_never_fired_for_longer_than_from_first_to_last(spans: list[Span]) -> None:
    times = firing_times(spans)
    assert times.first_at == min(start for start, _ in spans)
    assert (
        0 <= times.fired_for <= (times.since if times.ended_at is None else times.ended_at) - times.first_at
    )
    assert 1 <= times.times <= len(spans)


@pytest.mark.parametrize(
    ("times", "said"),
    [
        pytest.param(FiringTimes(0, 0, None, 1, 0), "", id="nothing of what fired once"),
        pytest.param(
            FiringTimes(0, SIX, None, 7, 3 * MINUTE), "7th time in 6m, firing 3m of them", id="it goes on"
        ),
        pytest.param(FiringTimes(0, FIVE, SIX, 2, TWO), "2 times in 6m, firing 2m of them", id="it is over"),
    ],
)
def test_how_often_it_fired_is_said_in_words(times: FiringTimes, said: str) -> None:
    assert times.how_often() == said
