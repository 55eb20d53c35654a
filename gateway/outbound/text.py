"""Words that every destination uses: durations, times, and texts that can do no harm."""

from __future__ import annotations

import re
from datetime import UTC, datetime

# Control characters, zero-width ones and those that turn the direction of what follows: no label needs them.
_UNSEEN = re.compile(
    "[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff]"
)
_SPACES = re.compile(r"\s+")


def spoken(milliseconds: int) -> str:
    """`45s`, `12m`, `3h 20m`, `2d 4h`."""
    seconds = max(0, milliseconds) // 1000
    if seconds < 60:
        return f"{seconds}s"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if hours == 0:
        return f"{minutes}m"
    if days == 0:
        return f"{hours}h {minutes % 60}m" if minutes % 60 else f"{hours}h"
    return f"{days}d {hours % 24}h" if hours % 24 else f"{days}d"


def clock(milliseconds: int) -> str:
    """`14:03 UTC`."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%H:%M UTC")


def shorten(text: str, most: int) -> str:
    return text if len(text) <= most else text[: max(0, most - 1)].rstrip() + "…"


def tame(text: str) -> str:
    """One line without anything unseen."""
    return _SPACES.sub(" ", _UNSEEN.sub("", text)).strip()


def web_address(url: str, most: int) -> str:
    """The address where it is one of http(s) that fits, else nothing."""
    if len(url) > most or not re.match(r"https?://[^\s<>\"]+$", url):
        return ""
    return url
