"""Instants: milliseconds since 1970 as people and other programs read them."""

from __future__ import annotations

from datetime import UTC, datetime

LAST = 253_402_300_799_000  # the end of the year 9999, the last that a datetime holds


def instant(milliseconds: int) -> datetime:
    """In UTC; an alert may claim to have started at any time, so it is brought into what a datetime holds."""
    return datetime.fromtimestamp(min(max(milliseconds, 0), LAST) / 1000, UTC)


def written(milliseconds: int) -> str:
    """`2026-11-24T22:00:00Z`, by the second; empty for never."""
    return instant(milliseconds).strftime("%Y-%m-%dT%H:%M:%SZ") if milliseconds else ""
