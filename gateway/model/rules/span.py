"""A range of numbers in a time interval, and the error that refuses a value that is no such range."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple


class TimeIntervalError(ValueError):
    """A value that is no time interval. The text names the field, its value, and what to write instead."""


class Span(NamedTuple):
    """A range of numbers. Both ends belong to it, except that the end of a time of day does not."""

    begin: int
    end: int


Spans = tuple[Span, ...]


def shown(value: object) -> str:
    """Return a value as it is shown in an error, cut to a short text."""
    try:
        return repr(value[:60] if isinstance(value, str) else value)[:80]
    except (ValueError, RecursionError):  # a number of thousands of digits, or thousands of nested lists
        return "what stands here"


def refuse_unknown(where: str, mapping: Mapping[str, object], known: Collection[str]) -> None:
    for key in mapping:
        if key not in known:
            raise TimeIntervalError(f"{where}: unknown key {shown(key)}: write {', '.join(known)}")
