"""Time intervals with Alertmanager's meaning.

Every field that is given must match, and any item of a field is enough; an interval without fields always
holds. The wall clock of the interval's location decides. Days counted from the month's end follow the
calendar of the month.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from heapq import merge

from gateway.model.rules.span import Spans, TimeIntervalError, refuse_unknown, shown
from gateway.model.rules.time_ranges import spans, zone

__all__ = ["TimeInterval", "TimeIntervalError", "first_after", "last_change", "next_change"]

CALENDAR_CYCLE_YEARS = 400  # the Gregorian calendar repeats itself after so many
MAX_YEAR = 9998  # a datetime ends with 9999; this leaves room for a day more in every zone
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TimeInterval:
    """One item of `time_intervals`.

    A field that is None was not given; a `location` of None is the zone of the machine.
    """

    times: Spans | None = None
    """Minutes of the day; the end is excluded."""
    weekdays: Spans | None = None
    """Sunday is 0."""
    days_of_month: Spans | None = None
    months: Spans | None = None
    years: Spans | None = None
    location: tzinfo | None = UTC

    @classmethod
    def parse(cls, mapping: Mapping[str, object]) -> TimeInterval:
        """Parse one item of `time_intervals` as YAML or JSON gives it. Raises `TimeIntervalError`."""
        if not isinstance(mapping, Mapping):
            raise TimeIntervalError(
                f"time_intervals: {shown(mapping)} is no interval: write {{weekdays: ['monday:friday']}}"
            )
        refuse_unknown("time_intervals", mapping, [field.name for field in fields(cls)])
        return cls(
            times=spans("times", mapping.get("times")),
            weekdays=spans("weekdays", mapping.get("weekdays")),
            days_of_month=spans("days_of_month", mapping.get("days_of_month")),
            months=spans("months", mapping.get("months")),
            years=spans("years", mapping.get("years")),
            location=zone(mapping.get("location")),
        )

    def contains(self, moment: datetime) -> bool:
        """Return whether the moment is inside; a moment without a zone is in UTC."""
        wall = _utc(moment).astimezone(self.location)
        minute = wall.hour * 60 + wall.minute
        in_times = self.times is None or any(begin <= minute < end for begin, end in self.times)
        return in_times and self.has_date(wall.date())

    def has_date(self, day: date) -> bool:
        """Return whether some time of this day is inside, a change of the clocks aside."""
        return (
            self.times != ()
            and _match(self.years, day.year)
            and _match(self.months, day.month)
            and _match(self.weekdays, day.isoweekday() % 7)
            and (self.days_of_month is None or _match_day(self.days_of_month, day))
        )


def next_change(
    intervals: Sequence[TimeInterval], after: datetime, horizon_days: int = 400
) -> datetime | None:
    """Return the first moment after `after`, in UTC, at which being in any of the intervals begins or ends.

    The result is None if nothing changes within `horizon_days`.
    """
    after = _utc(after)
    inside = any(interval.contains(after) for interval in intervals)
    until = after + timedelta(days=horizon_days)
    for moment in merge(*(_boundaries(interval, after, until) for interval in intervals)):
        # Not every boundary is a change: another interval may begin where one ends, and people stay muted.
        if moment > after and any(interval.contains(moment) for interval in intervals) is not inside:
            return moment
    return None


def last_change(intervals: Sequence[TimeInterval], moment: datetime, horizon: timedelta) -> datetime | None:
    """Return the last moment up to `moment`, in UTC, at which being in any of the intervals began or ended.

    The result is None if nothing changed within `horizon`.
    """
    moment = _utc(moment)
    since = (moment - horizon).replace(microsecond=0)
    found, was_inside = None, any(interval.contains(since) for interval in intervals)
    for at in merge(*(_boundaries(interval, since, moment + timedelta(seconds=1)) for interval in intervals)):
        inside = any(interval.contains(at) for interval in intervals)
        if at <= moment and inside is not was_inside:
            found, was_inside = at, inside
    return found


def first_after(interval: TimeInterval, moment: datetime) -> datetime | None:
    """Return `moment` if it is inside, else the interval's next begin, in UTC; None if there is none."""
    moment = _utc(moment)
    if interval.contains(moment):
        return moment
    # The search begins a day early and looks a day further: the interval's midnight is not that of UTC.
    for day in _dates(interval, moment.astimezone(interval.location).date() - _DAY):
        midnight = datetime.combine(day, time(), UTC)
        for found in _boundaries(interval, max(moment, midnight - _DAY), midnight + 2 * _DAY):
            if found > moment and interval.contains(found):
                return found
    return None


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _match(given: Spans | None, number: int) -> bool:
    return given is None or any(begin <= number <= end for begin, end in given)


def _match_day(given: Spans, day: date) -> bool:
    """Match a day of the month.

    A range that begins after the month's end matches nothing, one that ends after it is cut.
    """
    beyond = monthrange(day.year, day.month)[1] + 1
    return any(
        (begin if begin > 0 else beyond + begin) <= day.day <= (end if end > 0 else beyond + end)
        for begin, end in given
    )


def _boundaries(interval: TimeInterval, begin: datetime, end: datetime) -> Iterator[datetime]:
    """Yield in order all moments from `begin` to `end` at which `contains` can change, and some more.

    They are the changes of the clocks, local midnights, and the interval's times on the days that match.
    """
    begin = begin.replace(microsecond=0)
    edges = sorted({0, *(minute for span in interval.times or () for minute in span if minute < 24 * 60)})
    while begin < end:
        offset = _offset(interval.location, begin)
        steady = min(_steady_until(interval.location, begin), end)
        yield begin
        today = (begin + offset).date()
        for day in (today, today + _DAY):
            midnight = datetime.combine(day, time(), UTC) - offset
            for minute in edges if interval.has_date(day) else (0,):
                moment = midnight + timedelta(minutes=minute)
                if begin < moment < steady:
                    yield moment
        begin = steady


def _steady_until(location: tzinfo | None, begin: datetime) -> datetime:
    """Return when the offset from UTC may next change: a day later, or sooner where clocks change."""
    offset = _offset(location, begin)
    steady, changed = 0, 24 * 60 * 60
    if _offset(location, begin + _DAY) == offset:
        return begin + _DAY
    while changed - steady > 1:
        middle = (steady + changed) // 2
        if _offset(location, begin + timedelta(seconds=middle)) == offset:
            steady = middle
        else:
            changed = middle
    return begin + timedelta(seconds=changed)


def _offset(location: tzinfo | None, moment: datetime) -> timedelta:
    return moment.astimezone(location).utcoffset() or timedelta()


def _dates(interval: TimeInterval, start: date) -> Iterator[date]:
    """Yield the days that match, in order, until the calendar repeats itself."""
    for year in _years(interval.years, start.year):
        for month in range(1, 13):
            if _match(interval.months, month):
                days = (date(year, month, day) for day in range(1, monthrange(year, month)[1] + 1))
                yield from (day for day in days if day >= start and interval.has_date(day))


def _years(given: Spans | None, start: int) -> Iterator[int]:
    for begin, end in sorted(given) if given is not None else [(start, MAX_YEAR)]:
        first = max(begin, start)
        yield from range(first, min(end, first + CALENDAR_CYCLE_YEARS, MAX_YEAR) + 1)
