"""The settings of statistics, as values and as a block."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model.durations import DAY, HOUR, MAX_DURATION, MINUTE, parse_duration
from gateway.model.statistics.settings import (
    Digest,
    PrecisionSettings,
    from_block,
    shortest,
    to_block,
)


@pytest.mark.parametrize(
    "settings",
    [
        PrecisionSettings(),
        PrecisionSettings(resolved_by_itself_within=None, noise_by_people=False, actionable=("human_label",)),
        PrecisionSettings(
            target=0.9, budget_per=90 * MINUTE, cutoff=30 * DAY, miss_within=HOUR, persons="all"
        ),
        PrecisionSettings(digest=Digest("monday 09:00", "Europe/Berlin", {"shop": ("shop-slack",)})),
    ],
)
def test_settings_are_the_same_after_a_block(settings: PrecisionSettings) -> None:
    assert from_block(to_block(settings)) == settings


@given(st.integers(0, MAX_DURATION))
def test_a_duration_is_written_so_that_it_is_read_again(milliseconds: int) -> None:
    assert parse_duration(shortest(milliseconds)) == milliseconds


@pytest.mark.parametrize(
    ("milliseconds", "text"), [(14 * DAY, "14d"), (2 * HOUR + 30 * MINUTE, "2h30m"), (0, "0s")]
)
def test_a_duration_is_written_short(milliseconds: int, text: str) -> None:
    assert shortest(milliseconds) == text
