"""The calendar knows which named intervals it is now, and when that changes."""

from __future__ import annotations

import pytest

from gateway.decisions.calendar import Calendar
from gateway.model.durations import HOUR, MINUTE
from gateway.model.rules.route import ALWAYS, Hours
from gateway.model.time_intervals import TimeInterval
from tests.support.build import START

# START is at 08:00 UTC.
MORNING = TimeInterval.parse({"times": [{"start_time": "08:00", "end_time": "09:00"}]})
NOON = TimeInterval.parse({"times": [{"start_time": "12:00", "end_time": "13:00"}]})
CALENDAR = Calendar(
    {"morning": (MORNING,), "noon": (NOON,), "meals": (MORNING, NOON), "always": (TimeInterval.parse({}),)}
)


@pytest.mark.parametrize(
    ("hours", "at", "holds"),
    [
        pytest.param(ALWAYS, 0, True, id="a rule without hours is always in force"),
        pytest.param(Hours(("morning",)), 0, True, id="it is inside from the first minute"),
        pytest.param(Hours(("morning",)), HOUR, False, id="the end does not belong to it"),
        pytest.param(Hours(("noon", "morning")), 0, True, id="one of several is enough"),
        pytest.param(Hours(not_during=("noon",)), 0, True, id="out of the hours in which it is not in force"),
        pytest.param(Hours(not_during=("morning",)), 0, False, id="inside of them"),
        pytest.param(Hours(("morning",), ("meals",)), 0, False, id="not_during goes before during"),
        pytest.param(Hours(("gone",)), 0, False, id="an interval that no file has never comes"),
        pytest.param(Hours(not_during=("gone",)), 0, True, id="and keeps nothing out of force"),
    ],
)
def test_whether_a_rule_is_in_force(hours: Hours, at: int, holds: bool) -> None:
    assert CALENDAR.holds(hours, START + at) is holds


@pytest.mark.parametrize(
    ("names", "at", "until"),
    [
        pytest.param(("morning",), 0, START + HOUR, id="inside, until it ends"),
        pytest.param(("noon",), 0, START + 4 * HOUR, id="outside, until it begins"),
        pytest.param(("noon", "morning"), 0, START + HOUR, id="of several the first"),
        pytest.param(("always",), 0, None, id="an interval that is always changes never"),
        pytest.param(("gone",), 0, None, id="nor does one that is not there"),
        pytest.param((), 0, None, id="nor nothing"),
    ],
)
def test_when_it_changes_next(names: tuple[str, ...], at: int, until: int | None) -> None:
    assert CALENDAR.until(names, START + at) == until


def test_what_is_remembered_is_forgotten_when_it_changes_and_holds_for_an_earlier_time_too() -> None:
    calendar = Calendar({"morning": (MORNING,)})
    asked = [0, HOUR - 1, HOUR, 24 * HOUR, HOUR, -MINUTE, 0]
    assert [calendar.contains("morning", START + at) for at in asked] == [
        True,
        True,
        False,
        True,
        False,
        False,
        True,
    ]


def test_of_all_intervals_the_first_change_counts() -> None:
    assert CALENDAR.next_change(START) == START + HOUR
    assert Calendar({}).next_change(START) is None


def test_an_interval_has_a_place_where_it_says_one_and_holds() -> None:
    berlin = TimeInterval.parse(
        {"location": "Europe/Berlin", "times": [{"start_time": "09:00", "end_time": "10:00"}]}
    )
    calendar = Calendar({"morning": (berlin,), "anywhere": (TimeInterval.parse({}),)})
    assert calendar.location(Hours(("anywhere", "morning")), START) == "Europe/Berlin"
    assert calendar.location(Hours(("morning",)), START + HOUR) == ""
    assert calendar.location(Hours(("anywhere",)), START) == ""
