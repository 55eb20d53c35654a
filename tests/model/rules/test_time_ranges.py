"""The values of time intervals are read as spans, or refused by their field with a remedy."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from gateway.model.rules.span import TimeIntervalError, refuse_unknown, shown
from gateway.model.rules.time_ranges import spans, zone


@pytest.mark.parametrize(
    ("field", "item", "span"),
    [
        pytest.param(
            "times", {"start_time": "09:00", "end_time": "17:30"}, (540, 1_050), id="minutes of a day"
        ),
        pytest.param(
            "times", {"start_time": "20:00", "end_time": "24:00"}, (1_200, 1_440), id="to the end of the day"
        ),
        pytest.param("weekdays", "monday:friday", (1, 5), id="a week begins on sunday"),
        pytest.param("weekdays", "Sunday", (0, 0), id="a day is a range of one, and capitals do not matter"),
        pytest.param("days_of_month", "-1", (-1, -1), id="a month's last day"),
        pytest.param("days_of_month", 5, (5, 5), id="a number that is not quoted"),
        pytest.param("months", "january:3", (1, 3), id="months by name and by number"),
        pytest.param("years", "2026:2028", (2026, 2028), id="years"),
    ],
)
def test_a_value_is_a_span_with_both_ends(field: str, item: object, span: tuple[int, int]) -> None:
    assert spans(field, [item]) == (span,)


@pytest.mark.parametrize(
    ("field", "item", "remedy"),
    [
        pytest.param(
            "times",
            {"start_time": "17:00", "end_time": "09:00"},
            "times",
            id="a time that runs over midnight",
        ),
        pytest.param(
            "weekdays",
            "friday:monday",
            "'friday:saturday' and 'sunday:monday'",
            id="days over the end of a week",
        ),
        pytest.param(
            "months",
            "november:february",
            "'november:december' and 'january:february'",
            id="months over new year",
        ),
        pytest.param("years", "2028:2026", "write '2026:2028'", id="years the wrong way round"),
        pytest.param("days_of_month", "0", "write 1 to 31", id="no month has such a day"),
        pytest.param(
            "days_of_month",
            85,
            "YAML makes 85 of an unquoted 1:25",
            id="a range that YAML has read as a number",
        ),
        pytest.param("weekdays", "a:b:c", "with one colon", id="two colons"),
        pytest.param("months", True, "in quotes", id="no text at all"),
    ],
)
def test_a_value_that_means_nothing_is_refused_with_the_remedy(field: str, item: object, remedy: str) -> None:
    with pytest.raises(TimeIntervalError) as caught:
        spans(field, [item])
    assert remedy in str(caught.value)
    assert str(caught.value).startswith(field)


def test_nothing_given_is_not_an_empty_list() -> None:
    assert spans("years", None) is None
    assert spans("years", []) == ()
    with pytest.raises(TimeIntervalError, match="put it into brackets"):
        spans("years", "2026")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        pytest.param(None, UTC, id="no location is UTC"),
        pytest.param("UTC", UTC, id="UTC by its name"),
        pytest.param("Local", None, id="the zone of the machine"),
        pytest.param("Europe/Berlin", ZoneInfo("Europe/Berlin"), id="a zone of the IANA database"),
    ],
)
def test_a_location_is_a_time_zone(value: object, expected: object) -> None:
    assert zone(value) == expected


@pytest.mark.parametrize("value", ["Europe/Nowhere", "../etc/passwd", 5, ["UTC"]])
def test_a_location_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(TimeIntervalError, match="IANA database"):
        zone(value)


def test_an_unknown_key_names_those_that_there_are() -> None:
    with pytest.raises(TimeIntervalError, match=r"times: unknown key 'start': write start_time, end_time"):
        refuse_unknown("times", {"start": "09:00"}, ("start_time", "end_time"))


def test_a_value_in_a_message_is_never_long() -> None:
    assert len(shown("x" * 1_000)) <= 80
    assert len(shown([0] * 1_000)) <= 80
