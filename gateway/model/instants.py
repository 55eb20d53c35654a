"""Instants: milliseconds since 1970, turned into the forms that people and other programs read."""

from __future__ import annotations

from datetime import UTC, datetime

AT_ONCE = 1  # ms: earlier than any time of the store
MAX_INSTANT = 253_402_300_799_000  # ms: the end of the year 9999, the last time that a datetime holds
HALF_A_DAY = 43_200_000  # ms


def earliest(*times: int | None) -> int | None:
    """Return the earliest of the times, None where none of them is a time."""
    return min((time for time in times if time is not None), default=None)


def latest(*times: int | None) -> int | None:
    """Return the latest of the times, None where none of them is a time."""
    return max((time for time in times if time is not None), default=None)


def instant(milliseconds: int) -> datetime:
    """Return the time in UTC.

    A time outside of a datetime's range, which an alert may claim, becomes the nearest inside.
    """
    return datetime.fromtimestamp(min(max(milliseconds, 0), MAX_INSTANT) / 1000, UTC)


def written(milliseconds: int | None) -> str:
    """Return the time as `2026-11-24T22:00:00Z`, to the second; empty for None, which means never."""
    return "" if milliseconds is None else instant(milliseconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock(milliseconds: int) -> str:
    """Say a time of the day: `14:03 UTC`."""
    return instant(milliseconds).strftime("%H:%M UTC")


def moment(milliseconds: int, now: int) -> str:
    """Say a time: `14:03 UTC`, with its date where it is not of today (`2026-11-24 14:03 UTC`)."""
    near = abs(milliseconds - now) < HALF_A_DAY
    return clock(milliseconds) if near else instant(milliseconds).strftime("%Y-%m-%d %H:%M UTC")
