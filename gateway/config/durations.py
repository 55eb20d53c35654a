"""Settings that are durations, written as in rule files: `90s`, `15m`, `7d`."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from gateway.model.durations import MAX_DURATION, parse_duration, spoken
from gateway.model.retention import SHORTEST_KEEP_MS


def _kept(value: object) -> object:
    """Return how long what has ended is kept, in ms."""
    if not isinstance(value, str):
        return value
    try:
        milliseconds = parse_duration(value)
    except ValueError as error:
        raise PydanticCustomError("no_duration", "{why}", {"why": str(error)}) from error
    if milliseconds < SHORTEST_KEEP_MS:
        bounds = {"shortest": spoken(SHORTEST_KEEP_MS), "longest": spoken(MAX_DURATION)}
        raise PydanticCustomError(
            "too_short", "what has ended is kept for {shortest} at least and {longest} at most", bounds
        )
    return milliseconds


Kept = Annotated[int, BeforeValidator(_kept)]
