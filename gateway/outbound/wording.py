"""Words that every destination uses: durations, times, and texts that can do no harm."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

from gateway.model.instants import instant

LONGEST_WAIT = 300_000  # ms

# Control characters, those without a width, and those that turn the direction of what follows: no label needs
# them.
_UNSEEN = re.compile(
    "[\u0000-\u0008\u000e-\u001f\u007f-\u0084\u0086-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\ufff9-\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
_SPACES = re.compile(r"\s+")
_WEB = re.compile(r"https?://[^/?#\s]", re.IGNORECASE)
_ENCODED = {ord(mark): f"%{ord(mark):02X}" for mark in ' <>"|`\\^{}'}


def retry_after(said: str, unsaid: int, now: int = 0) -> int:
    """ms of a `Retry-After` in seconds or, where `now` (ms) is given, of one that is a date; `unsaid` where
    it says nothing.

    No vendor keeps us away for hours by a header.
    """
    if re.fullmatch(r"[0-9]{1,9}", said):
        return min(LONGEST_WAIT, int(said) * 1_000)
    try:
        until = parsedate_to_datetime(said).timestamp() if now else 0
    except (ValueError, OverflowError):
        return unsaid
    return min(LONGEST_WAIT, max(0, round(until * 1_000) - now)) or unsaid if until else unsaid


def clock(milliseconds: int) -> str:
    """`14:03 UTC`."""
    return instant(milliseconds).strftime("%H:%M UTC")


def shorten(text: str, most: int) -> str:
    return text if len(text) <= most else text[: max(0, most - 1)].rstrip() + "…"


def tame(text: str) -> str:
    """One line without anything unseen."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    return _SPACES.sub(" ", _UNSEEN.sub("", text)).strip()


def web_address(url: str, most: int) -> str:
    """The address, safe between `<` and `>`, where it is one of http(s) that fits, else nothing: half a link
    leads astray.
    """
    if len(url) > most or not _WEB.match(url := url.strip()):
        return ""
    encoded = _UNSEEN.sub("", _SPACES.sub(" ", url)).translate(_ENCODED)
    return encoded if len(encoded) <= most else ""
