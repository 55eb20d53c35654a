"""Durations are read as people write them, and refused with a sentence."""

from __future__ import annotations

import pytest

from gateway.model.durations import (
    DAY,
    HOUR,
    MAX_DURATION,
    MINUTE,
    SECOND,
    ordinal,
    parse_duration,
    spoken,
)


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        pytest.param("250ms", 250, id="milliseconds"),
        pytest.param("90s", 90 * SECOND, id="seconds"),
        pytest.param("2h30m", 2 * HOUR + 30 * MINUTE, id="two units"),
        pytest.param("1w1d", 8 * DAY, id="weeks and days"),
        pytest.param("30m2h", 2 * HOUR + 30 * MINUTE, id="units in any order"),
        pytest.param("0s", 0, id="none at all"),
        pytest.param("366d", MAX_DURATION, id="a leap year is the longest"),
    ],
)
def test_a_duration_is_read(text: str, milliseconds: int) -> None:
    assert parse_duration(text) == milliseconds


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("", "is no duration", id="an empty text"),
        pytest.param("10", "is no duration", id="a number without a unit"),
        pytest.param("1.5h", "is no duration", id="a fraction"),
        pytest.param("-5m", "is no duration", id="a time before now"),
        pytest.param("5 m", "is no duration", id="a blank inside"),
        pytest.param("5M", "is no duration", id="a unit in capitals"),
        pytest.param("٣m", "is no duration", id="digits of another script"),
        pytest.param("1m" * 20, "is no duration", id="a text without end"),
        pytest.param("367d", "longer than a year", id="more than a year"),
        pytest.param("99999999999999w", "longer than a year", id="more than a number should be"),
    ],
)
def test_what_is_no_duration_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse_duration(text)


@pytest.mark.parametrize(
    ("length", "said"),
    [
        pytest.param(-5, "under 1s", id="a clock that is ahead makes no 0s"),
        pytest.param(999, "under 1s", id="less than a second"),
        pytest.param(45 * SECOND, "45s", id="seconds"),
        pytest.param(12 * MINUTE + 59 * SECOND, "12m", id="minutes"),
        pytest.param(3 * HOUR, "3h", id="whole hours"),
        pytest.param(3 * HOUR + 20 * MINUTE, "3h 20m", id="hours and minutes"),
        pytest.param(2 * DAY, "2d", id="whole days"),
        pytest.param(2 * DAY + 4 * HOUR, "2d 4h", id="days and hours"),
    ],
)
def test_a_duration_is_spoken_in_its_two_largest_units(length: int, said: str) -> None:
    assert spoken(length) == said


def test_a_number_is_spoken_as_a_place_in_a_row() -> None:
    numbers = [1, 2, 3, 4, 11, 12, 13, 21, 102, 111]
    assert " ".join(map(ordinal, numbers)) == "1st 2nd 3rd 4th 11th 12th 13th 21st 102nd 111th"
