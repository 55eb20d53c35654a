"""The machine's clock is read here and nowhere else; everything else takes `now` as an argument."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 - this is the one place


def utc_ms() -> int:
    """Milliseconds since the epoch."""
    return int(utc_now().timestamp() * 1000)
