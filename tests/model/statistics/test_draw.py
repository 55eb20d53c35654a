"""Each page draws a number, which is the same whoever works it out."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.statistics.draw import draw_of


@given(st.text(max_size=20), st.text(max_size=20))
def test_a_number_lies_between_0_and_1_and_is_made_of_eight_bytes(seed: str, page: str) -> None:
    drawn = draw_of(seed, page)
    first = int.from_bytes(sha256(f"{seed}|{page}".encode()).digest()[:8], "big")
    assert 0 <= drawn < 1
    assert drawn == pytest.approx(first / 2**64, abs=1e-15)


def test_another_store_draws_other_pages() -> None:
    assert draw_of("a", "i1|pager|1") != draw_of("b", "i1|pager|1")


def test_a_tenth_of_the_pages_draws_less_than_a_tenth() -> None:
    drawn = sum(draw_of("seed", f"i{number}|pager|1") < 0.1 for number in range(10_000))
    assert 900 < drawn < 1100
