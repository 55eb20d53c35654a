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
