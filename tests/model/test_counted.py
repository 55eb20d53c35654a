"""A count and its noun agree."""

from __future__ import annotations

import pytest

from gateway.model.counted import counted


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 alerts"), (1, "1 alert"), (2, "2 alerts"), (1_200, "1200 alerts")]
)
def test_only_one_is_singular(count: int, words: str) -> None:
    assert counted(count, "alert") == words


def test_a_plural_of_its_own_is_used() -> None:
    assert (
        counted(1, "rule that hides", "rules that hide"),
        counted(3, "rule that hides", "rules that hide"),
    ) == (
        "1 rule that hides",
        "3 rules that hide",
    )
