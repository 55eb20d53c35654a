"""The calendar: which of the named time intervals hold now, and when that changes next.

Each answer is remembered until it changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from gateway.model.instants import earliest, instant
from gateway.model.rules.route import Hours
from gateway.model.time_intervals import TimeInterval, last_change, next_change


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A stretch of time from `begin` until `end` (ms), all of it `inside` an interval or all outside.

    `end` is None where the stretch does not end in a year.
    """

    begin: int
    end: int | None
    inside: bool

    def covers(self, now: int) -> bool:
        return self.begin <= now and (self.end is None or now < self.end)


class Calendar:
    """The named intervals of one rule set. An interval of an unknown name never holds."""

    def __init__(self, intervals: Mapping[str, Sequence[TimeInterval]]) -> None:
        self._intervals = intervals
        self._known: dict[str, _Stretch] = {}

    def contains(self, name: str, now: int) -> bool:
        return self._stretch(name, now).inside

    def began(self, name: str, now: int, horizon: int) -> int | None:
        """Return when the interval last began or ended (ms); None if it did neither within `horizon` ms."""
        found = last_change(self._intervals.get(name, ()), instant(now), timedelta(milliseconds=horizon))
        return None if found is None else int(found.timestamp() * 1000)

    def until(self, names: Iterable[str], now: int) -> int | None:
        """Return when the first of these intervals begins or ends (ms); None if none does in a year."""
        return earliest(*(self._stretch(name, now).end for name in names))

    def holds(self, hours: Hours, now: int) -> bool:
        """Return whether a rule with these hours is in force."""
        if hours.during and not any(self.contains(name, now) for name in hours.during):
            return False
        return not any(self.contains(name, now) for name in hours.not_during)

    def location(self, hours: Hours, now: int) -> str:
        """Return the name of the time zone of the interval by which a rule with
        these hours is in force; empty where none is, or where the interval goes
        by UTC, as it does without a location, or by the machine's clock.
        """
        if not self.holds(hours, now):
            return ""
        found = [interval for name in hours.during for interval in self._intervals.get(name, ())]
        zones = [interval.location for interval in found if interval.contains(instant(now))]
        names = [zone.key for zone in zones if isinstance(zone, ZoneInfo) and zone.key != "UTC"]
        return names[0] if names else ""

    def next_change(self, now: int) -> int | None:
        """Return when the first of all intervals begins or ends (ms); None if none does in a year."""
        return self.until(self._intervals, now)

    # Each answer holds until the interval next begins or ends, so an alert usually costs one look-up per
    # interval.
    def _stretch(self, name: str, now: int) -> _Stretch:
        known = self._known.get(name)
        if known is None or not known.covers(now):
            known = self._known[name] = self._work_out(self._intervals.get(name, ()), now)
        return known

    def _work_out(self, intervals: Sequence[TimeInterval], now: int) -> _Stretch:
        moment = instant(now)
        change = next_change(intervals, moment)
        end = None if change is None else int(change.timestamp() * 1000)
        return _Stretch(now, end, any(interval.contains(moment) for interval in intervals))
