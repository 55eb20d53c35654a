"""The fields of a time interval, read from YAML or JSON values.

A value is refused where Alertmanager refuses it
(https://prometheus.io/docs/alerting/latest/configuration/#time_interval). Each error names the field, the
text and a remedy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

__all__ = ["Span", "Spans", "TimeIntervalError", "refuse_unknown", "shown", "spans", "zone"]

WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
MIN_DAYS_OF_MONTH = 28
MAX_DAYS_OF_MONTH = 31
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")
_SEXAGESIMAL = 60  # the smallest number that YAML 1.1 makes of an unquoted `1:00`
_PAIR = "{start_time: '20:00', end_time: '24:00'}"


class TimeIntervalError(ValueError):
    """A value that is no time interval. The text names the field, its value, and what to write instead."""


class Span(NamedTuple):
    """A range of numbers. Both ends belong to it, except that the end of a time of day does not."""

    begin: int
    end: int


Spans = tuple[Span, ...]


def shown(value: object) -> str:
    """Return a value as it is shown in an error, cut to a short text."""
    try:
        return repr(value[:60] if isinstance(value, str) else value)[:80]
    except (ValueError, RecursionError):  # a number of thousands of digits, or thousands of nested lists
        return "what stands here"


def refuse_unknown(where: str, mapping: Mapping[str, object], known: Collection[str]) -> None:
    for key in mapping:
        if key not in known:
            raise TimeIntervalError(f"{where}: unknown key {shown(key)}: write {', '.join(known)}")


def spans(field: str, value: object) -> Spans | None:
    """Read a list of ranges; None if nothing is given.

    A list without items stays empty, since Alertmanager accepts it and lets nothing match it.
    """
    if value is None:
        return None
    if not isinstance(value, list | tuple):
        raise TimeIntervalError(f"{field}: {shown(value)} is no list: put it into brackets, [...]")
    return tuple(_READERS[field](item) for item in value)


def zone(value: object) -> tzinfo | None:
    """Read a time zone; None stands for `Local`, the zone of the machine."""
    if value is None or value in ("", "UTC"):
        return UTC
    if value == "Local":
        return None
    remedy = "write a name of the IANA database such as 'Europe/Berlin', or 'UTC', or 'Local'"
    if not isinstance(value, str):
        raise TimeIntervalError(f"location: {shown(value)} is no text: {remedy}")
    try:
        return ZoneInfo(value)
    except (ValueError, LookupError, OSError) as error:
        raise TimeIntervalError(f"location: {shown(value)} is no known time zone: {remedy}") from error


def _time_range(item: object) -> Span:
    if not isinstance(item, Mapping):
        raise TimeIntervalError(f"times: {shown(item)} is no pair of times: write {_PAIR}")
    refuse_unknown("times", item, ("start_time", "end_time"))
    start, end = item.get("start_time"), item.get("end_time")
    span = Span(_minute("start_time", start), _minute("end_time", end))
    if span.begin >= span.end:
        raise TimeIntervalError(
            f"times: start_time {shown(start)} is not before end_time {shown(end)}: write the earlier first, and for a night "
            "two items, '20:00' to '24:00' and '00:00' to '06:00'"
        )
    return span


def _minute(key: str, value: object) -> int:
    if value is None or value == "":
        raise TimeIntervalError(f"times: {key} is missing: write both, {_PAIR}")
    if isinstance(value, int) and 0 <= value <= 24 * 60 and not isinstance(value, bool):
        meant = f"{value // 60:02}:{value % 60:02}"
        raise TimeIntervalError(
            f"times: {key} {value} is a number, which YAML makes of an unquoted {meant}: quote it, '{meant}'"
        )
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise TimeIntervalError(
            f"times: {key} {shown(value)} is no time: write HH:MM in quotes, from '00:00' to '24:00'"
        )
    return int(found[1]) * 60 + int(found[2]) if found[1] else 24 * 60


def _weekday_range(item: object) -> Span:
    span = _range("weekdays", item, _weekday)
    if span.begin > span.end:
        raise TimeIntervalError(
            f"weekdays: {shown(item)} runs over the end of the week, which begins on sunday: write two ranges, "
            f"'{WEEKDAYS[span.begin]}:saturday' and 'sunday:{WEEKDAYS[span.end]}'"
        )
    return span


def _weekday(text: str) -> int:
    if text not in WEEKDAYS:
        raise TimeIntervalError(f"weekdays: {shown(text)} is no weekday: write a name, {', '.join(WEEKDAYS)}")
    return WEEKDAYS.index(text)


def _day_range(item: object) -> Span:
    """Read a range of days, which may count from the month's end.

    Whether a range is empty depends on the month. As Alertmanager does, this refuses ranges that are empty in
    a month of 28 days.
    """
    span = begin, end = _range("days_of_month", item, _day)
    if begin < 0 < end:
        raise TimeIntervalError(
            f"days_of_month: {shown(item)} begins at the month's end and ends at its beginning: "
            f"write two ranges, '1:{end}' and '{begin}:-1'"
        )
    if _least(begin) > _least(end):
        remedy = (
            f"write '{begin}:{MAX_DAYS_OF_MONTH}', which stops where the month does"
            if end == -1
            else "write the earlier first"
        )
        raise TimeIntervalError(
            f"days_of_month: {shown(item)} ends before it begins, as Alertmanager counts from a month's end: {remedy}"
        )
    return span


def _least(day: int) -> int:
    return day if day > 0 else MIN_DAYS_OF_MONTH + day


def _day(text: str) -> int:
    number = _number(text)
    if number is None or number == 0 or abs(number) > MAX_DAYS_OF_MONTH:
        raise TimeIntervalError(
            f"days_of_month: {shown(text)} is no day: "
            f"write 1 to 31, or -1 to -31 counted from the month's end{_unquoted(number)}"
        )
    return number


def _month_range(item: object) -> Span:
    span = _range("months", item, _month)
    if span.begin > span.end:
        raise TimeIntervalError(
            f"months: {shown(item)} runs over the end of the year: write two ranges, "
            f"'{MONTHS[span.begin - 1]}:december' and 'january:{MONTHS[span.end - 1]}'"
        )
    return span


def _month(text: str) -> int:
    number = MONTHS.index(text) + 1 if text in MONTHS else _number(text)
    if number is None or not 1 <= number <= len(MONTHS):
        raise TimeIntervalError(
            f"months: {shown(text)} is no month: write a name such as 'january', or 1 to 12{_unquoted(number)}"
        )
    return number


def _year_range(item: object) -> Span:
    span = _range("years", item, _year)
    if span.begin > span.end:
        raise TimeIntervalError(
            f"years: {shown(item)} ends before it begins: write '{span.end}:{span.begin}'"
        )
    return span


def _year(text: str) -> int:
    number = _number(text)
    if number is None:
        raise TimeIntervalError(
            f"years: {shown(text)} is no year: write a number such as 2026, or a range, '2026:2028'"
        )
    return number


def _range(field: str, item: object, member: Callable[[str], int]) -> Span:
    if isinstance(item, int) and abs(item) < 10**9 and not isinstance(item, bool):
        item = str(item)
    if not isinstance(item, str):
        raise TimeIntervalError(
            f"{field}: {shown(item)} is no text: write one value, or a range 'begin:end', in quotes"
        )
    parts = item.lower().split(":")
    if len(parts) > 2:
        raise TimeIntervalError(f"{field}: {shown(item)} is no range: write 'begin:end', with one colon")
    return Span(member(parts[0]), member(parts[-1]))


def _number(text: str) -> int | None:
    return int(text) if _NUMBER.fullmatch(text) else None


def _unquoted(number: int | None) -> str:
    if number is None or abs(number) < _SEXAGESIMAL:
        return ""
    sign, whole = "-" if number < 0 else "", abs(number)
    return f"; YAML makes {number} of an unquoted {sign}{whole // 60}:{whole % 60}, so quote a range"


_READERS: dict[str, Callable[[object], Span]] = {
    "times": _time_range,
    "weekdays": _weekday_range,
    "days_of_month": _day_range,
    "months": _month_range,
    "years": _year_range,
}
