"""The moments of a weekly digest: a day of the week and a time, by the clocks of a place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from gateway.model.statistics.settings import Digest
from gateway.model.statistics.zones import local, zone_named

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def last_moment(digest: Digest, now: int) -> int:
    """Return the newest moment of the digest up to `now` (ms)."""
    return max(moment for moment in _around(digest, now) if moment <= now)


def next_moment(digest: Digest, now: int) -> int:
    """Return the first moment of the digest after `now` (ms)."""
    return min(moment for moment in _around(digest, now) if moment > now)


def _around(digest: Digest, now: int) -> Iterator[int]:
    zone = zone_named(digest.location) or UTC
    weekday, _, clock = digest.at.partition(" ")
    at = time.fromisoformat(clock)
    today = local(now, zone).date()
    first = today - timedelta(days=(today.weekday() - WEEKDAYS.index(weekday)) % 7)
    for weeks in (-1, 0, 1):
        # A time that the clocks leave out is the one that they go on to.
        moment = datetime.combine(first + timedelta(weeks=weeks), at, zone)
        yield round(moment.timestamp() * 1000)
