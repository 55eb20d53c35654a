"""Intervals of shares whose trials hang together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.decisions.statistics.intervals import Cluster, effective_size, sums_of, wilson


def size_of(*clusters: tuple[int, int]) -> float:
    listed = [Cluster(*cluster) for cluster in clusters]
    return effective_size(listed, sums_of(listed))


def test_wilsons_interval_is_that_of_the_textbook() -> None:
    lower, upper = wilson(8 / 10, 10)
    assert (lower, upper) == pytest.approx((0.490162, 0.943318), abs=1e-5)  # Agresti and Coull, 1998


@pytest.mark.parametrize(("share", "n"), [(0.0, 5), (1.0, 5), (0.0, 1e9), (1.0, 1.0)])
def test_a_share_of_nothing_or_all_has_an_exact_bound(share: float, n: float) -> None:
    lower, upper = wilson(share, n)
    assert (lower if share == 0 else upper) == share
    assert 0 <= lower < upper <= 1


def test_under_73_independent_incidents_95_percent_cannot_be_shown() -> None:
    assert wilson(1, 72).lower < 0.95 <= wilson(1, 73).lower


@pytest.mark.parametrize(
    ("clusters", "size"),
    [
        pytest.param([(1, 1), (1, 0)] * 50, 99.0, id="one page each, mixed: nearly as many as there are"),
        pytest.param([(40, 40)], 1.0, id="one incident is worth one page, however many it has"),
        pytest.param([(2, 2), (3, 3)], 25 / 13, id="where all are alike, pages of an incident count as one"),
        pytest.param([(2, 0), (3, 0)], 25 / 13, id="also where all of them are noise"),
        pytest.param([(40, 40), *[(1, 1), (1, 0)] * 20], 160 / 41, id="a big incident outweighs the rest"),
    ],
)
def test_pages_of_one_incident_count_for_less(clusters: list[tuple[int, int]], size: float) -> None:
    assert size_of(*clusters) == pytest.approx(size, rel=0.02)


def test_the_smaller_of_two_estimates_holds() -> None:
    # Both incidents have the same share, so that the first estimate sees no difference between them; the second
    # sees that within each the pages do not agree, and so does not lower it either.
    assert size_of((4, 2), (4, 2)) == 8
    # The first sees that the shares lie far apart; the second would take more off for three pages that agree.
    assert size_of((2, 2), (1, 0), (1, 1)) == pytest.approx(16 / 7)


SHARES = st.lists(
    st.integers(1, 50).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=1, max_size=40
)


@given(SHARES)
def test_the_interval_holds_its_share_and_stays_between_0_and_1(clusters: list[tuple[int, int]]) -> None:
    listed = [Cluster(*cluster) for cluster in clusters]
    sums = sums_of(listed)
    size = effective_size(listed, sums)
    lower, upper = wilson(sums.a / sums.n, size)
    assert 1 <= size <= sums.n + 1e-9
    assert 0 <= lower <= sums.a / sums.n <= upper <= 1


@given(SHARES, st.randoms())
def test_the_order_of_incidents_does_not_matter(clusters: list[tuple[int, int]], random: object) -> None:
    shuffled = list(clusters)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert size_of(*shuffled) == size_of(*clusters)
