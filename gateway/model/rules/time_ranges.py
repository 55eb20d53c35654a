"""The fields of a time interval, read from YAML or JSON values.

A value is refused where Alertmanager refuses it
(https://prometheus.io/docs/alerting/latest/configuration/#time_interval). Each error names the field, the
text and a remedy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from gateway.model.rules.calendar_ranges import day_range, month_range, weekday_range, year_range
from gateway.model.rules.span import Span, Spans, TimeIntervalError, refuse_unknown, shown

__all__ = ["Span", "Spans", "TimeIntervalError", "refuse_unknown", "shown", "spans", "zone"]

_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")
_PAIR = "{start_time: '20:00', end_time: '24:00'}"


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
            f"times: start_time {shown(start)} is not before end_time {shown(end)}: {_instead(start, end, span)}"
        )
    return span


def _instead(start: object, end: object, span: Span) -> str:
    """Say how times that run over midnight are written."""
    if span.begin == span.end:
        return "write '00:00' to '24:00' for a whole day"
    if span.end == 0:
        return f"midnight at the end is '24:00': write {shown(start)} to '24:00'"
    return f"over midnight these are two items: write {shown(start)} to '24:00' and '00:00' to {shown(end)}"


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


_READERS: dict[str, Callable[[object], Span]] = {
    "times": _time_range,
    "weekdays": weekday_range,
    "days_of_month": day_range,
    "months": month_range,
    "years": year_range,
}
