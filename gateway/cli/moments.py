"""Times as people type them: `18:00`, or a date and a time, by the clock of this machine unless an offset is
given.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta

import click

from gateway.clock import utc_now
from gateway.model.durations import parse_duration

EXAMPLES = "18:00, 2026-12-01T22:00 or 2026-12-01T22:00:00+01:00"


def read_moment(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """Return the moment as the API takes it, with its offset."""
    try:
        return None if value is None else moment(value, utc_now()).isoformat()
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no time: write it like {EXAMPLES}") from error


def read_past_moment(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    """Return a moment that is over, also written as how long ago it was, as the API takes it."""
    now = utc_now()
    if value is None:
        return None
    try:
        return (now - timedelta(milliseconds=parse_duration(value))).isoformat()
    except ValueError:
        pass
    try:
        return moment(value, now, past=True).isoformat()
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no time: write it like 8h, {EXAMPLES}") from error


def moment(text: str, now: datetime, *, past: bool = False) -> datetime:
    """Return the moment that is meant at `now`, with its offset. Raises `ValueError`.

    A time of the day is the next one: whoever types `07:00` at
    night means the coming morning. With `past` it is the last one.
    """
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        clock = time.fromisoformat(text)
    today = datetime.combine(now.astimezone(), clock)
    meant = today.astimezone()
    if past:
        return meant if meant <= now else (today - timedelta(days=1)).astimezone()
    return meant if meant > now else (today + timedelta(days=1)).astimezone()
