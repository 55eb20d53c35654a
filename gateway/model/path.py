"""The ten steps of an alert's path, by the names that metrics, traces and documents call them."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Step(StrEnum):
    """The steps in their order; `gateway/__init__.py` says what each does, and where."""

    RECEIVE = "receive"
    NORMALISE = "normalise"
    DEDUPLICATE = "deduplicate"
    CORRELATE = "correlate"
    ROUTE = "route"
    SUPPRESS = "suppress"
    SEAT = "seat"
    CONCLUDE = "conclude"
    RESOLVE = "resolve"
    DELIVER = "deliver"


Lap = Callable[[Step], None]
"""Is called at the end of each step."""


def unwatched(step: Step) -> None:
    """Do nothing: nobody watches the steps of an explanation."""
    del step


def no_laps() -> Lap:
    """Return a watch that nobody looks at."""
    return unwatched
