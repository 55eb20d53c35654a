"""Curves of times that may not have ended."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decisions.statistics.survival import Observed, aalen_johansen, kaplan_meier

# Freireich et al. 1963, the 21 patients on 6-MP; Collett, Modelling Survival Data, has its curve
REMISSION = [
    *(Observed(time, ended=True) for time in (6, 6, 6, 7, 10, 13, 16, 22, 23)),
    *(Observed(time, ended=False) for time in (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)),
]


def test_the_curve_is_that_of_the_textbook() -> None:
    curve = kaplan_meier(REMISSION)
    assert [round(step.survival, 4) for step in curve.steps] == [
        0.8571,
        0.8067,
        0.7529,
        0.6902,
        0.6275,
        0.5378,
        0.4482,
    ]
    assert curve.quantile(0.5) == 23
    assert curve.quantile(0.9) is None
    assert curve.longest == 35


def test_the_bounds_are_those_of_the_log_log_scale() -> None:
    within = kaplan_meier(REMISSION).ended_within(10)
    assert within is not None
    share, (lower, upper) = within
    # By hand: Greenwood's sum is 3/(21·18) + 1/(17·16) + 1/(15·14).
    assert share == pytest.approx(0.2471, abs=1e-4)
    assert (lower, upper) == pytest.approx((0.1106, 0.4968), abs=1e-4)


def test_at_equal_times_ends_come_before_censorings() -> None:
    curve = kaplan_meier([Observed(5, ended=False), Observed(5, ended=True)])
    assert curve.survival(5) == 0.5


def test_a_mean_needs_somebody_who_was_followed_to_its_horizon() -> None:
    open_early = kaplan_meier([Observed(10, ended=True), Observed(20, ended=False)])
    assert open_early.mean(100) is None
    assert open_early.mean(20) == 15
    assert kaplan_meier([Observed(10, ended=True), Observed(30, ended=True)]).mean(100) == 20
    assert kaplan_meier([Observed(10, ended=True), Observed(300, ended=True)]).mean(100) == 55


@pytest.mark.parametrize(
    ("observed", "expected"),
    [
        pytest.param([(5, True), (5, True)], 1.0, id="all ended by then"),
        pytest.param([(50, True), (70, False)], 0.0, id="all lasted longer"),
        pytest.param([(5, True), (9, False)], None, id="nobody was followed so long"),
    ],
)
def test_the_share_within_a_time_is_known_only_as_far_as_somebody_was_followed(
    observed: list[tuple[int, bool]], expected: float | None
) -> None:
    found = kaplan_meier(Observed(*one) for one in observed).ended_within(10)
    assert (
        (found and found[0]) == expected if expected is None else found is not None and found[0] == expected
    )


def test_incidences_compete() -> None:
    steps = aalen_johansen([10, 20], [10], [30])
    assert [(step.time, step.acknowledged, step.ended_before) for step in steps] == [
        (10, 0.25, 0.25),
        (20, 0.5, 0.25),
        (30, 0.5, 0.25),
    ]


TIMES = st.lists(st.integers(0, 50), max_size=30)


@given(TIMES, TIMES)
def test_without_competition_both_curves_agree(ended: list[int], censored: list[int]) -> None:
    curve = kaplan_meier(
        [Observed(t, ended=True) for t in ended] + [Observed(t, ended=False) for t in censored]
    )
    steps = aalen_johansen(ended, [], censored)
    for step in steps:
        assert step.acknowledged == pytest.approx(1 - curve.survival(step.time))


@given(TIMES, TIMES, TIMES)
def test_incidences_grow_and_stay_within_1(first: list[int], other: list[int], still_open: list[int]) -> None:
    steps = aalen_johansen(first, other, still_open)
    assert all(a.acknowledged <= b.acknowledged + 1e-12 for a, b in pairwise(steps))
    assert all(step.acknowledged + step.ended_before <= 1 + 1e-9 for step in steps)
