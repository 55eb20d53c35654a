"""Instants: milliseconds since 1970, turned into the forms that people and other programs read."""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.model.durations import SECOND

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


def instant_or_none(milliseconds: int | None) -> datetime | None:
    """Return the time in UTC, None for None, which means never."""
    return None if milliseconds is None else instant(milliseconds)


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


def when(wall: int | None, now: int, ahead: int) -> int | None:
    """Return when to look again at what changes once people call the time `wall` (ms).

    People's time is `ahead` of `now`, by which the agenda goes: 0 unless a clock was stepped.
    """
    if wall is None:
        return None
    left = wall - (now + ahead)
    # Where `now` is ahead it may be given back: it runs slower by up to a tenth then, and a look at the full
    # time would come too late.
    return now + (max(left * 9 // 10, min(left, SECOND)) if ahead < 0 else left)


def at_vendors(since: int, now: int, ahead: int, realtime: int) -> int:
    """Return a time that vendors, who have clocks of their own, certainly put no earlier than this (ms).

    `since` is a time of ours, `now` ours at present, `ahead` how far people's time is ahead of it, and
    `realtime` what this machine calls the time. Whichever of the clocks is wrong, the earlier time is safe:
    more is looked through for it.
    """
    # While an offset is given back, ours runs slower by a tenth: more may have gone by than it says.
    gone_by = (now - since) * 10 // 9
    return min(since + ahead, realtime - gone_by)
