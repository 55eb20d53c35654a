"""Windows and buckets: which days or weeks a report is cut into, by the clock of its time zone."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise

from gateway.decisions.statistics.spans import Span
from gateway.model.statistics.request import Bucket
from gateway.model.statistics.zones import local

_A_DAY = 86_400  # seconds


class Buckets:
    """The buckets of a window, in order. The outer ones are cut by it; `starts` says where they begin."""

    def __init__(self, window: Span, bucket: Bucket, zone: tzinfo) -> None:
        self.window = window
        begins = [] if bucket == "none" else _begins(window, bucket, zone)
        self.starts: Sequence[str | None] = [_written(begin, zone) for begin in begins] or [None]
        edges = [window.begin, *begins[1:], window.end]
        self.spans = [Span(*pair) for pair in pairwise(edges)]
        self._edges = edges[:-1]

    def of(self, moment: int) -> int | None:
        """Return the number of the bucket of a moment, None outside of the window."""
        if not self.window.begin <= moment < self.window.end:
            return None
        return bisect_right(self._edges, moment) - 1

    def overlapping(self, begin: int, end: int) -> range:
        """Return the numbers of the buckets that overlap a stretch."""
        first = max(0, bisect_right(self._edges, begin) - 1)
        return range(first, bisect_right(self._edges, end - 1) if end > begin else first)


def _begins(window: Span, bucket: Bucket, zone: tzinfo) -> list[int]:
    """Return when each bucket begins that has a part in the window (ms)."""
    days = 7 if bucket == "week" else 1
    day = local(window.begin, zone).date()
    day -= timedelta(days=day.weekday() if bucket == "week" else 0)
    found: list[int] = []
    while (begin := _first_instant(day, zone)) < window.end:
        # A zone that moves across the date line leaves a day out: it has no instant, so it is no bucket.
        if found and begin <= found[-1]:
            found.pop()
        found.append(begin)
        day += timedelta(days=days)
    return found


def _first_instant(day: date, zone: tzinfo) -> int:
    """Return the first instant of a local day (ms): its midnight, or the end of the gap that it lies in."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    moment = midnight.astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return int(moment.timestamp()) * 1000
    early, late = int(moment.timestamp()) - _A_DAY, int(moment.timestamp()) + _A_DAY
    while late - early > 1:
        middle = (early + late) // 2
        if datetime.fromtimestamp(middle, zone).date() < day:
            early = middle
        else:
            late = middle
    return late * 1000


def _written(moment: int, zone: tzinfo) -> str:
    return local(moment, zone).isoformat(timespec="seconds")
