"""Read ranges of weekdays, days of the month, months and years, and refuse what Alertmanager refuses."""

from __future__ import annotations

import re
from collections.abc import Callable

from gateway.model.rules.span import Span, TimeIntervalError, shown

WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
MIN_DAYS_OF_MONTH = 28
MAX_DAYS_OF_MONTH = 31
_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")
_SEXAGESIMAL = 60  # the smallest number that YAML 1.1 makes of an unquoted `1:00`


def weekday_range(item: object) -> Span:
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


def day_range(item: object) -> Span:
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
            f"days_of_month: {shown(item)} ends before it begins, as Alertmanager counts from "
            f"a month's end: {remedy}"
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


def month_range(item: object) -> Span:
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


def year_range(item: object) -> Span:
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
