"""Time intervals: what Alertmanager takes and refuses, what an interval contains, and when that changes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.model.time_intervals import TimeInterval, TimeIntervalError, first_after, next_change

OFFICE: dict[str, object] = {
    "weekdays": ["monday:friday"],
    "times": [{"start_time": "09:00", "end_time": "17:00"}],
}
EVENINGS: dict[str, object] = {
    "times": [{"start_time": "00:00", "end_time": "09:00"}, {"start_time": "17:00", "end_time": "24:00"}],
    "location": "Australia/Sydney",
}
EASTER = {"days_of_month": ["4:6"], "months": ["april"], "years": [2020]}
QUARTER = {
    "weekdays": ["monday:friday", "sunday"],
    "months": ["january:march"],
    "days_of_month": ["-7:-1"],
    "years": ["2020:2025", "2030:2035"],
    "times": [{"start_time": "09:00", "end_time": "17:00"}],
}
MIXED = {
    "weekdays": ["monday:wednesday", "saturday", "sunday"],
    "times": [{"start_time": "13:00", "end_time": "15:00"}],
    "days_of_month": ["1", "10", "20:-1"],
    "years": ["2020:2023"],
    "months": ["january:march"],
}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def utc(text: str) -> datetime:
    return at(text).replace(tzinfo=UTC)


def daily(start: str, end: str, location: str = "UTC", **more: object) -> TimeInterval:
    return TimeInterval.parse(
        {"times": [{"start_time": start, "end_time": end}], "location": location, **more}
    )


@pytest.mark.parametrize(
    ("mapping", "moment", "inside"),
    [
        pytest.param({}, "2006-01-02T15:04Z", True, id="nothing given is always"),
        pytest.param({"times": None, "location": None}, "2006-01-02T15:04Z", True, id="a key without a value is not given"),
        pytest.param({"weekdays": []}, "2006-01-02T15:04Z", False, id="a list without items matches nothing"),
        pytest.param(OFFICE, "2020-05-04T15:04Z", True, id="a monday afternoon is in office hours"),
        pytest.param(OFFICE, "2020-05-03T15:04Z", False, id="a sunday is not"),
        pytest.param(OFFICE, "2020-07-08T09:00Z", True, id="the start belongs to it"),
        pytest.param(OFFICE, "2020-07-08T08:59:59.999999Z", False, id="the moment before the start does not"),
        pytest.param(OFFICE, "2020-07-08T16:59:59.999999Z", True, id="the last moment before the end belongs to it"),
        pytest.param(OFFICE, "2020-07-08T17:00Z", False, id="the end does not"),
        pytest.param(OFFICE, "2020-07-08T17:30+02:00", True, id="a moment in another zone is the same moment"),
        pytest.param(OFFICE, "2020-07-08T09:30", True, id="a moment without a zone is in UTC"),
        pytest.param(EASTER, "2020-04-04T00:00Z", True, id="the first day of three"),
        pytest.param(EASTER, "2020-04-06T23:59Z", True, id="the last day of three to its end"),
        pytest.param(EASTER, "2020-04-03T23:59Z", False, id="the day before"),
        pytest.param(EASTER, "2020-04-07T00:00Z", False, id="the day after"),
        pytest.param(EASTER, "2019-04-05T12:00Z", False, id="another year"),
        pytest.param(EASTER, "2020-06-05T12:00Z", False, id="another month"),
        pytest.param({"days_of_month": ["-3:-1"]}, "2020-01-29T00:00Z", True, id="the third last day of january is the 29th"),
        pytest.param({"days_of_month": ["-3:-1"]}, "2020-01-28T23:59Z", False, id="the 28th is the fourth last"),
        pytest.param({"days_of_month": ["-3:-1"]}, "2020-02-29T23:05Z", True, id="the last day of a leap february"),
        pytest.param({"days_of_month": ["-3:-1"]}, "2020-03-01T00:00Z", False, id="the first of march is not the end of february"),
        pytest.param({"days_of_month": ["1:-1"]}, "2021-02-28T12:00Z", True, id="from the first to the last is every day"),
        pytest.param({"days_of_month": ["-31:-1"], "months": [6]}, "2020-06-01T00:00Z", True, id="more days back than june has begin on its first"),
        pytest.param({"days_of_month": ["-31:-1"], "months": [6]}, "2020-05-31T12:00Z", False, id="and not in may"),
        pytest.param({"days_of_month": ["-31"]}, "2020-06-01T12:00Z", False, id="june has no 31st day from its end"),
        pytest.param({"days_of_month": ["27:31"]}, "2021-02-28T12:00Z", True, id="a range stops at the end of february"),
        pytest.param({"days_of_month": ["30:31"]}, "2021-02-28T12:00Z", False, id="a range after the end of february is not moved into it"),
        pytest.param({"days_of_month": ["28:31"]}, "2021-02-28T12:00Z", True, id="the 28th to the last, as Alertmanager takes it"),
        pytest.param({"days_of_month": [-1], "location": "America/New_York"}, "2021-03-31T12:00-04:00", True, id="the last of march is the 31st though it is an hour short"),
        pytest.param({"days_of_month": [-1], "location": "America/New_York"}, "2021-03-30T12:00-04:00", False, id="and not the 30th"),
        pytest.param({"days_of_month": [-1], "location": "Europe/Berlin"}, "2026-10-31T23:30+01:00", True, id="the last of october is the 31st though it is an hour long"),
        pytest.param({"months": ["January:march", "12"]}, "2021-03-31T23:59Z", True, id="a range of months includes its last"),
        pytest.param({"months": ["January:march", "12"]}, "2021-12-31T23:59Z", True, id="a month by its number as a text"),
        pytest.param({"months": ["January:march", "12"]}, "2021-04-01T00:00Z", False, id="a month outside"),
        pytest.param({"weekdays": ["SUNDAY:Monday"]}, "2026-11-22T12:00Z", True, id="the week begins on sunday, in any case of letters"),
        pytest.param(QUARTER, "2021-01-28T16:59Z", True, id="last week of the month, in the quarter, on a thursday"),
        pytest.param(QUARTER, "2035-01-31T13:00Z", True, id="in the second range of years"),
        pytest.param(QUARTER, "2021-01-30T13:00Z", False, id="but not on a saturday"),
        pytest.param(QUARTER, "2021-04-01T13:00Z", False, id="nor in the next quarter"),
        pytest.param(QUARTER, "2026-01-30T13:00Z", False, id="nor between the ranges of years"),
        pytest.param(QUARTER, "2035-01-31T17:01Z", False, id="nor after hours"),
        pytest.param(MIXED, "2021-01-10T13:00Z", True, id="any item of each field is enough"),
        pytest.param(MIXED, "2021-01-09T13:00Z", False, id="all fields must match: a saturday, but the ninth"),
        pytest.param(MIXED, "2021-02-02T13:00Z", False, id="all fields must match: a tuesday, but the second"),
        pytest.param({**OFFICE, "location": "Australia/Sydney"}, "2021-04-06T13:00+10:00", True, id="office hours in sydney"),
        pytest.param({**OFFICE, "location": "Australia/Sydney"}, "2021-04-06T13:00Z", False, id="are not office hours in london"),
        pytest.param({**OFFICE, "months": [11], "location": "Australia/Sydney"}, "2021-10-31T22:00Z", True, id="weekday and month are those of the location, in summer time"),
        pytest.param({**OFFICE, "months": [11], "location": "Australia/Sydney"}, "2021-10-31T21:00Z", False, id="an hour before"),
        pytest.param(EVENINGS, "2024-01-01T09:00+11:00", False, id="a night in two items leaves the day out"),
        pytest.param(EVENINGS, "2024-01-01T00:00+11:00", True, id="and goes on over midnight"),
        pytest.param(EVENINGS, "2024-01-01T10:00Z", True, id="and is looked up in its own location"),
        pytest.param({**OFFICE, "location": ""}, "2020-07-08T09:30Z", True, id="an empty location is UTC"),
    ],
)  # fmt: skip
def test_contains(mapping: dict[str, object], moment: str, inside: bool) -> None:
    assert TimeInterval.parse(mapping).contains(at(moment)) is inside


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        pytest.param(["monday"], "time_intervals: ['monday'] is no interval: write {weekdays: ['monday:friday']}", id="a list is no interval"),
        pytest.param({"time_zone": "UTC"}, "time_intervals: unknown key 'time_zone': write times, weekdays, days_of_month, months, years, location", id="an unknown key"),
        pytest.param({True: 1}, "time_intervals: unknown key True: write times, weekdays, days_of_month, months, years, location", id="a key that is no text"),
        pytest.param({"weekdays": "monday"}, "weekdays: 'monday' is no list: put it into brackets, [...]", id="a text instead of a list"),
        pytest.param({"weekdays": [None]}, "weekdays: None is no text: write one value, or a range 'begin:end', in quotes", id="an empty item"),
        pytest.param({"weekdays": ["friday:monday"]}, "weekdays: 'friday:monday' runs over the end of the week, which begins on sunday: write two ranges, 'friday:saturday' and 'sunday:monday'", id="a week does not wrap around"),
        pytest.param({"weekdays": ["blurgsday:flurgsday"]}, "weekdays: 'blurgsday' is no weekday: write a name, sunday, monday, tuesday, wednesday, thursday, friday, saturday", id="an unknown weekday"),
        pytest.param({"weekdays": ["mon"]}, "weekdays: 'mon' is no weekday: write a name, sunday, monday, tuesday, wednesday, thursday, friday, saturday", id="a weekday is not abbreviated"),
        pytest.param({"weekdays": ["1:3"]}, "weekdays: '1' is no weekday: write a name, sunday, monday, tuesday, wednesday, thursday, friday, saturday", id="a weekday has no number"),
        pytest.param({"weekdays": ["monday : friday"]}, "weekdays: 'monday ' is no weekday: write a name, sunday, monday, tuesday, wednesday, thursday, friday, saturday", id="no spaces inside a range"),
        pytest.param({"weekdays": ["a:b:c"]}, "weekdays: 'a:b:c' is no range: write 'begin:end', with one colon", id="two colons"),
        pytest.param({"days_of_month": ["0"]}, "days_of_month: '0' is no day: write 1 to 31, or -1 to -31 counted from the month's end", id="there is no day 0"),
        pytest.param({"days_of_month": ["-50:-20"]}, "days_of_month: '-50' is no day: write 1 to 31, or -1 to -31 counted from the month's end", id="too far from the end"),
        pytest.param({"days_of_month": ["1:50"]}, "days_of_month: '50' is no day: write 1 to 31, or -1 to -31 counted from the month's end", id="after the end of any month"),
        pytest.param({"days_of_month": [75]}, "days_of_month: '75' is no day: write 1 to 31, or -1 to -31 counted from the month's end; YAML makes 75 of an unquoted 1:15, so quote a range", id="an unquoted range of days"),
        pytest.param({"days_of_month": [-421]}, "days_of_month: '-421' is no day: write 1 to 31, or -1 to -31 counted from the month's end; YAML makes -421 of an unquoted -7:1, so quote a range", id="an unquoted range of days from the end"),
        pytest.param({"days_of_month": ["1:"]}, "days_of_month: '' is no day: write 1 to 31, or -1 to -31 counted from the month's end", id="a range without its end"),
        pytest.param({"days_of_month": [10**5000]}, "days_of_month: what stands here is no text: write one value, or a range 'begin:end', in quotes", id="a number of thousands of digits"),
        pytest.param({"days_of_month": ["-15:5"]}, "days_of_month: '-15:5' begins at the month's end and ends at its beginning: write two ranges, '1:5' and '-15:-1'", id="from the end of a month into its beginning"),
        pytest.param({"days_of_month": ["10:-25"]}, "days_of_month: '10:-25' ends before it begins, as Alertmanager counts from a month's end: write the earlier first", id="an end that is before the start in most months"),
        pytest.param({"days_of_month": ["28:-1"]}, "days_of_month: '28:-1' ends before it begins, as Alertmanager counts from a month's end: write '28:31', which stops where the month does", id="the 28th to the last, which Alertmanager refuses"),
        pytest.param({"days_of_month": ["20:10"]}, "days_of_month: '20:10' ends before it begins, as Alertmanager counts from a month's end: write the earlier first", id="days do not wrap around"),
        pytest.param({"months": ["martius:june"]}, "months: 'martius' is no month: write a name such as 'january', or 1 to 12", id="an unknown month"),
        pytest.param({"months": ["march:junius"]}, "months: 'junius' is no month: write a name such as 'january', or 1 to 12", id="an unknown last month"),
        pytest.param({"months": [13]}, "months: '13' is no month: write a name such as 'january', or 1 to 12", id="a thirteenth month"),
        pytest.param({"months": [63]}, "months: '63' is no month: write a name such as 'january', or 1 to 12; YAML makes 63 of an unquoted 1:3, so quote a range", id="an unquoted range of months"),
        pytest.param({"months": ["december:january"]}, "months: 'december:january' runs over the end of the year: write two ranges, 'december:december' and 'january:january'", id="a year does not wrap around"),
        pytest.param({"years": ["2022:2020"]}, "years: '2022:2020' ends before it begins: write '2020:2022'", id="years backwards"),
        pytest.param({"years": ["20x"]}, "years: '20x' is no year: write a number such as 2026, or a range, '2026:2028'", id="a year is a number"),
        pytest.param({"years": [True]}, "years: True is no text: write one value, or a range 'begin:end', in quotes", id="true is no year"),
        pytest.param({"years": [2026.0]}, "years: 2026.0 is no text: write one value, or a range 'begin:end', in quotes", id="nor is a fraction"),
        pytest.param({"times": ["09:00"]}, "times: '09:00' is no pair of times: write {start_time: '20:00', end_time: '24:00'}", id="one time is no range"),
        pytest.param({"times": [{"start_time": "14:03"}]}, "times: end_time is missing: write both, {start_time: '20:00', end_time: '24:00'}", id="a start without an end"),
        pytest.param({"times": [{"start_time": "", "end_time": "14:03"}]}, "times: start_time is missing: write both, {start_time: '20:00', end_time: '24:00'}", id="an empty start"),
        pytest.param({"times": [{"start": "14:03", "end_time": "15:00"}]}, "times: unknown key 'start': write start_time, end_time", id="an unknown key of a time"),
        pytest.param({"times": [{"start_time": 1200, "end_time": "24:00"}]}, "times: start_time 1200 is a number, which YAML makes of an unquoted 20:00: quote it, '20:00'", id="an unquoted start"),
        pytest.param({"times": [{"start_time": "20:00", "end_time": 1440}]}, "times: end_time 1440 is a number, which YAML makes of an unquoted 24:00: quote it, '24:00'", id="an unquoted end"),
        pytest.param({"times": [{"start_time": 72000, "end_time": "24:00"}]}, "times: start_time 72000 is no time: write HH:MM in quotes, from '00:00' to '24:00'", id="seconds are not told"),
        pytest.param({"times": [{"start_time": "01:99", "end_time": "23:59"}]}, "times: start_time '01:99' is no time: write HH:MM in quotes, from '00:00' to '24:00'", id="an hour has sixty minutes"),
        pytest.param({"times": [{"start_time": "12:30", "end_time": "24:01"}]}, "times: end_time '24:01' is no time: write HH:MM in quotes, from '00:00' to '24:00'", id="nothing is after 24:00"),
        pytest.param({"times": [{"start_time": "9:30", "end_time": "10:00"}]}, "times: start_time '9:30' is no time: write HH:MM in quotes, from '00:00' to '24:00'", id="an hour has two digits"),
        pytest.param({"times": [{"start_time": "17:31", "end_time": "17:31"}]}, "times: start_time '17:31' is not before end_time '17:31': write '00:00' to '24:00' for a whole day", id="no time at all"),
        pytest.param({"times": [{"start_time": "20:00", "end_time": "06:00"}]}, "times: start_time '20:00' is not before end_time '06:00': over midnight these are two items: write '20:00' to '24:00' and '00:00' to '06:00'", id="a day does not wrap around"),
        pytest.param({"times": [{"start_time": "22:30", "end_time": "07:15"}]}, "times: start_time '22:30' is not before end_time '07:15': over midnight these are two items: write '22:30' to '24:00' and '00:00' to '07:15'", id="a night is two items of its own times"),
        pytest.param({"times": [{"start_time": "18:00", "end_time": "00:00"}]}, "times: start_time '18:00' is not before end_time '00:00': midnight at the end is '24:00': write '18:00' to '24:00'", id="midnight at the end"),
        pytest.param({"times": [{"start_time": "24:00", "end_time": "24:00"}]}, "times: start_time '24:00' is not before end_time '24:00': write '00:00' to '24:00' for a whole day", id="24:00 is an end alone"),
        pytest.param({"location": "Europe/Atlantis"}, "location: 'Europe/Atlantis' is no known time zone: write a name of the IANA database such as 'Europe/Berlin', or 'UTC', or 'Local'", id="an unknown place"),
        pytest.param({"location": "Europe"}, "location: 'Europe' is no known time zone: write a name of the IANA database such as 'Europe/Berlin', or 'UTC', or 'Local'", id="a continent"),
        pytest.param({"location": "../../etc/passwd"}, "location: '../../etc/passwd' is no known time zone: write a name of the IANA database such as 'Europe/Berlin', or 'UTC', or 'Local'", id="a path"),
        pytest.param({"location": 2}, "location: 2 is no text: write a name of the IANA database such as 'Europe/Berlin', or 'UTC', or 'Local'", id="an offset"),
    ],
)  # fmt: skip
def test_refused(mapping: Mapping[str, object], message: str) -> None:
    with pytest.raises(TimeIntervalError) as caught:
        TimeInterval.parse(mapping)
    assert str(caught.value) == message


def test_equal_intervals_are_one_key() -> None:
    assert len({TimeInterval.parse({**OFFICE, "location": "Europe/Berlin"}) for _ in range(2)}) == 1


BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"


@pytest.mark.parametrize(
    ("interval", "changes"),
    [
        pytest.param(daily("02:15", "02:45", BERLIN), ["2026-03-28T01:15", "2026-03-28T01:45", "2026-03-30T00:15"], id="berlin, spring: what lies in the gap does not happen that day"),
        pytest.param(daily("02:30", "04:00", BERLIN), ["2026-03-28T01:30", "2026-03-28T03:00", "2026-03-29T01:00", "2026-03-29T02:00"], id="berlin, spring: what begins in the gap begins with the jump"),
        pytest.param(daily("01:00", "02:30", BERLIN), ["2026-03-28T00:00", "2026-03-28T01:30", "2026-03-29T00:00", "2026-03-29T01:00"], id="berlin, spring: what ends in the gap ends with the jump"),
        pytest.param(daily("02:15", "02:45", BERLIN), ["2026-10-25T00:15", "2026-10-25T00:45", "2026-10-25T01:15", "2026-10-25T01:45"], id="berlin, autumn: the hour that comes twice is inside twice"),
        pytest.param(daily("02:30", "03:30", BERLIN), ["2026-10-25T00:30", "2026-10-25T01:00", "2026-10-25T01:30", "2026-10-25T02:30"], id="berlin, autumn: the clocks go back out of it"),
        pytest.param(daily("01:00", "02:30", BERLIN), ["2026-10-24T23:00", "2026-10-25T00:30", "2026-10-25T01:00", "2026-10-25T01:30"], id="berlin, autumn: the clocks go back into it"),
        pytest.param(daily("09:00", "17:00", NEW_YORK), ["2026-03-07T14:00", "2026-03-07T22:00", "2026-03-08T13:00", "2026-03-08T21:00"], id="new york, spring: office hours are an hour earlier"),
        pytest.param(daily("00:00", "24:00", NEW_YORK, weekdays=["sunday"]), ["2026-03-08T05:00", "2026-03-09T04:00"], id="new york, spring: a day of 23 hours"),
        pytest.param(daily("00:00", "24:00", NEW_YORK, weekdays=["sunday"]), ["2026-11-01T04:00", "2026-11-02T05:00"], id="new york, autumn: a day of 25 hours"),
        pytest.param(daily("01:30", "24:00", NEW_YORK), ["2026-11-01T04:00", "2026-11-01T05:30", "2026-11-01T06:00", "2026-11-01T06:30"], id="new york, autumn: 24:00 is the next midnight, and 01:30 comes twice"),
        pytest.param(daily("02:10", "02:50", LORD_HOWE), ["2026-10-03T15:30", "2026-10-03T15:50"], id="lord howe, spring: half an hour is left out"),
        pytest.param(daily("01:45", "02:15", LORD_HOWE), ["2026-04-04T14:45", "2026-04-04T15:00", "2026-04-04T15:15", "2026-04-04T15:45"], id="lord howe, autumn: half an hour comes twice"),
        pytest.param(daily("00:00", "24:00", "Pacific/Apia", days_of_month=["30"], months=[12]), ["2012-12-29T10:00", "2012-12-30T10:00"], id="samoa left out a whole day in 2011"),
        pytest.param(daily("00:30", "23:30", "Africa/Cairo"), ["2026-04-23T22:00", "2026-04-24T20:30"], id="cairo, spring: midnight does not exist"),
        pytest.param(daily("22:00", "24:00"), ["2026-12-31T22:00", "2027-01-01T00:00"], id="24:00 ends with the year"),
    ],
)  # fmt: skip
def test_the_changes_around_a_change_of_clocks(interval: TimeInterval, changes: list[str]) -> None:
    moment = utc(changes[0]) - timedelta(microseconds=1)
    if interval.contains(moment):
        moment -= timedelta(hours=8)
    found = []
    for _ in changes:
        following = next_change([interval], moment)
        assert following is not None
        found.append(moment := following)
    assert found == [utc(change) for change in changes]


def test_a_change_is_strictly_later_and_in_utc() -> None:
    after = at("2026-11-23T21:00+01:00")
    assert next_change([daily("20:00", "22:00")], after) == utc("2026-11-23T22:00")
    assert next_change([daily("20:00", "22:00")], utc("2026-11-23T22:00")) == utc("2026-11-24T20:00")
    assert next_change([daily("20:00", "22:00")], at("2026-11-23T21:59:59.999999")) == utc("2026-11-23T22:00")


def test_one_interval_that_takes_over_from_another_is_no_change() -> None:
    night = [daily("20:00", "24:00", BERLIN), daily("00:00", "06:00", BERLIN), daily("04:30", "05:30")]
    assert next_change(night[:2], utc("2026-11-23T20:00")) == utc("2026-11-24T05:00")
    assert next_change(night, utc("2026-11-23T20:00")) == utc("2026-11-24T05:30")


@pytest.mark.parametrize(
    ("intervals", "horizon_days", "expected"),
    [
        pytest.param([], 400, None, id="no interval"),
        pytest.param([{}], 400, None, id="always"),
        pytest.param([{"years": [2020]}], 400, None, id="never again"),
        pytest.param([{"years": ["2027:2030"]}], 400, "2027-01-01T00:00", id="within the horizon"),
        pytest.param([{"years": ["2027:2030"]}], 30, None, id="beyond the horizon"),
        pytest.param([{}, OFFICE], 400, None, id="inside another one that is always"),
    ],
)
def test_the_horizon(intervals: list[dict[str, object]], horizon_days: int, expected: str | None) -> None:
    found = next_change([TimeInterval.parse(one) for one in intervals], utc("2026-11-23T12:00"), horizon_days)
    assert found == (utc(expected) if expected else None)


IN_A_GAP = {
    "times": [{"start_time": "02:10", "end_time": "02:50"}],
    "days_of_month": ["29"],
    "months": ["march"],
    "location": BERLIN,
}


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        pytest.param({}, "2026-11-23T12:00:30", id="what is always is now"),
        pytest.param(OFFICE, "2026-11-23T12:00:30", id="inside is now"),
        pytest.param({**OFFICE, "weekdays": ["sunday"]}, "2026-11-29T09:00", id="the next sunday"),
        pytest.param({"years": ["2020:2025"]}, None, id="all years are past"),
        pytest.param({"years": ["2020:2025", 3000]}, "3000-01-01T00:00", id="a year that is far off"),
        pytest.param({"years": [99999]}, None, id="a year that no calendar has"),
        pytest.param({"days_of_month": [31], "months": ["february"]}, None, id="february has no 31st"),
        pytest.param({"days_of_month": [29], "months": ["february"], "weekdays": ["monday"]}, "2044-02-29T00:00", id="the next 29th of february on a monday"),
        pytest.param({"days_of_month": [29], "months": ["february"], "years": ["2097:2103"]}, None, id="2100 is no leap year"),
        pytest.param({"times": []}, None, id="no time"),
        pytest.param({"weekdays": []}, None, id="no weekday"),
        pytest.param({"days_of_month": ["-31:-30"], "months": [2]}, None, id="february has no day so far from its end"),
        pytest.param({**IN_A_GAP, "years": ["2026:2032"]}, "2027-03-29T00:10", id="next year the clocks change on another day"),
        pytest.param({**IN_A_GAP, "years": ["2037"]}, None, id="a time that the change of clocks leaves out"),
        pytest.param({"days_of_month": [30], "months": [12], "years": [2026], "location": "Pacific/Apia"}, "2026-12-29T11:00", id="a location that is a day ahead"),
    ],
)  # fmt: skip
def test_when_an_interval_comes(mapping: dict[str, object], expected: str | None) -> None:
    found = first_after(TimeInterval.parse(mapping), utc("2026-11-23T12:00:30"))
    assert found == (utc(expected) if expected else None)


@pytest.fixture
def machine_in_new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", NEW_YORK)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("machine_in_new_york")
def test_local_is_the_zone_of_the_machine() -> None:
    local = daily("01:30", "02:30", "Local")
    assert local.contains(at("2026-11-23T06:45Z"))
    moment, found = utc("2026-11-01T00:00"), []
    while (moment := next_change([local], moment) or moment) < utc("2026-11-02T00:00"):
        found.append(moment)
    assert found == [utc(f"2026-11-01T{hour}") for hour in ("05:30", "06:00", "06:30", "07:30")]


ZONES = [
    "UTC",
    BERLIN,
    NEW_YORK,
    LORD_HOWE,
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Casablanca",
    "America/Sao_Paulo",
]
CLOCK_CHANGES = ["2026-03-08", "2026-03-29", "2026-04-04", "2026-10-03", "2026-10-25", "2026-11-01", "2026-02-28", "2026-12-31", "2011-12-30", "2017-10-15", "2026-02-15"]  # fmt: skip


def _range(low: int, high: int) -> st.SearchStrategy[str]:
    pair = st.tuples(st.integers(low, high), st.integers(low, high))
    return pair.map(lambda ends: f"{min(ends)}:{max(ends)}")


@st.composite
def _times(draw: st.DrawFn) -> dict[str, str]:
    start, end = sorted(draw(st.lists(st.integers(0, 96), min_size=2, max_size=2, unique=True)))
    return {"start_time": _clock(start * 15), "end_time": _clock(end * 15)}


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


DAYS = st.one_of(_range(1, 31), _range(-31, -1), st.sampled_from(["1:-1", "15:-5", "-1", "31"]))
INTERVALS = st.fixed_dictionaries(
    {"location": st.sampled_from(ZONES)},
    optional={
        "times": st.lists(_times(), min_size=1, max_size=3),
        "weekdays": st.lists(
            st.sampled_from(["sunday", "monday:friday", "saturday", "friday:saturday"]), min_size=1
        ),
        "days_of_month": st.lists(DAYS, min_size=1, max_size=2),
        "months": st.lists(_range(1, 12), min_size=1, max_size=2),
    },
).map(TimeInterval.parse)
MOMENTS = st.builds(
    lambda day, seconds, ahead: (utc(day) + timedelta(seconds=seconds)).astimezone(
        timezone(timedelta(hours=ahead))
    ),
    st.sampled_from(CLOCK_CHANGES),
    st.floats(-86_400, 86_400),
    st.integers(-12, 12),
)


def _inside(intervals: Sequence[TimeInterval], moment: datetime) -> bool:
    return any(interval.contains(moment) for interval in intervals)


def _minutes(after: datetime, days: int) -> Iterator[datetime]:
    start = after.astimezone(UTC).replace(second=0, microsecond=0)
    return (start + timedelta(minutes=minute) for minute in range(1, days * 24 * 60))


@settings(max_examples=150)
@given(st.lists(INTERVALS, min_size=1, max_size=3), MOMENTS)
def test_the_next_change_is_what_looking_every_minute_finds(
    intervals: list[TimeInterval], after: datetime
) -> None:
    inside = _inside(intervals, after)
    expected = next(
        (moment for moment in _minutes(after, 3) if _inside(intervals, moment) is not inside), None
    )
    found = next_change(intervals, after, horizon_days=3)
    assert found == expected or (
        expected is None and found is not None and found >= after + timedelta(days=3, minutes=-1)
    )


@settings(max_examples=100)
@given(INTERVALS, MOMENTS, st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=20))
def test_nothing_changes_between_changes(interval: TimeInterval, after: datetime, parts: list[float]) -> None:
    until = next_change([interval], after) or after + timedelta(days=400)
    for part in parts:
        moment = min(after + (until - after) * part, until - timedelta(microseconds=1))
        assert interval.contains(moment) is interval.contains(after)


@settings(max_examples=100)
@given(INTERVALS, MOMENTS)
def test_an_interval_comes_when_looking_every_minute_finds_it(
    interval: TimeInterval, moment: datetime
) -> None:
    found = first_after(interval, moment)
    if interval.contains(moment):
        assert found == moment
        return
    expected = next((minute for minute in _minutes(moment, 3) if interval.contains(minute)), None)
    assert found == expected or (
        expected is None and (found is None or found >= moment + timedelta(days=3, minutes=-1))
    )


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
TEXTS = st.from_regex(r"\A[-+]?[0-9a-z]{0,9}(:[-+]?[0-9a-z]{0,9}){0,2}\Z") | st.sampled_from(
    ["monday", "friday:sunday", "1:-1", "-3", "09:00", "24:00"]
)
VALUES = st.recursive(
    SCALARS | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["start_time", "end_time"]) | st.text(max_size=3), inner, max_size=3
        )
    ),
    max_leaves=8,
)
KEYS = ["times", "weekdays", "days_of_month", "months", "years", "location"]


@settings(max_examples=300)
@example({"location": "\x00"})
@example({"location": "\ud800"})
@example({"location": "x" * 5000})
@example({"location": "zone.tab"})
@example({"days_of_month": ["1" * 5000]})
@given(
    VALUES | st.dictionaries(st.sampled_from(KEYS), VALUES | st.lists(VALUES | TEXTS, max_size=3), max_size=6)
)
def test_nothing_but_its_own_error_comes_out(mapping: object) -> None:
    try:
        parsed = TimeInterval.parse(mapping)  # type: ignore[arg-type]
    except TimeIntervalError:
        return
    assert isinstance(hash(parsed), int)
