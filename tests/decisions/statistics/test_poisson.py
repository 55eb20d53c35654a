"""The exact interval of a Poisson count."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decisions.statistics.poisson import expected_events, gamma_cdf, gamma_quantile

# Garwood 1936, as printed in Pearson and Hartley, Biometrika Tables, Table 40
TABLE = [
    (0, 0.0, 3.69),
    (1, 0.0253, 5.57),
    (2, 0.242, 7.22),
    (5, 1.62, 11.67),
    (10, 4.80, 18.39),
    (50, 37.11, 65.92),
]


@pytest.mark.parametrize(("observed", "lower", "upper"), TABLE)
def test_the_interval_is_that_of_the_table(observed: int, lower: float, upper: float) -> None:
    assert expected_events(observed) == pytest.approx((lower, upper), abs=0.006)


@pytest.mark.parametrize("observed", [1, 7, 300, 20_000, 300_000])
def test_the_quantile_is_where_the_distribution_has_that_share(observed: int) -> None:
    assert gamma_cdf(gamma_quantile(0.025, observed), observed) == pytest.approx(0.025, rel=1e-9)
    assert gamma_cdf(gamma_quantile(0.975, observed), observed) == pytest.approx(0.975, rel=1e-9)


@given(st.integers(0, 10_000))
def test_the_interval_holds_what_was_observed(observed: int) -> None:
    lower, upper = expected_events(observed)
    assert lower <= observed < upper


def test_nothing_has_come_at_time_0() -> None:
    assert gamma_cdf(0, 3) == 0
