"""Durations as rule files and people write them: `90s`, `15m`, `2h30m`, `7d`."""

from __future__ import annotations

import re

SECOND = 1_000  # ms
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

UNITS = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
MAX_DURATION = 366 * DAY

_PART = r"(\d+)(ms|s|m|h|d|w)"
DURATION = r"(\d+(ms|s|m|h|d|w))+"


def parse_duration(text: str) -> int:
    """Return the milliseconds of a text such as `2h30m`. Raises `ValueError` with a sentence for people."""
    if len(text) >= 40 or re.fullmatch(DURATION, text, re.ASCII) is None:
        raise ValueError(f"`{text[:40]}` is no duration: write it like 90s, 15m, 2h30m or 7d")
    value = sum(int(number) * UNITS[unit] for number, unit in re.findall(_PART, text))
    if value > MAX_DURATION:
        raise ValueError(f"`{text}` is longer than a year")
    return value


def spoken(milliseconds: int) -> str:
    """Say a length as people do: `45s`, `12m`, `3h 20m`, `2d 4h`."""
    # What people were told of took some time, however little: "0s" would read like a fault.
    if milliseconds < SECOND:
        return "under 1s"
    seconds = milliseconds // SECOND
    if seconds < 60:
        return f"{seconds}s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if hours == 0:
        return f"{minutes}m"
    if days == 0:
        return f"{hours}h {minutes % 60}m" if minutes % 60 else f"{hours}h"
    return f"{days}d {hours % 24}h" if hours % 24 else f"{days}d"


def ordinal(number: int) -> str:
    """Say `1st`, `2nd`, `3rd`, `11th`."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ending}"
