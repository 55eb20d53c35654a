"""Stretches of time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Span(NamedTuple):
    """A stretch of time in ms; its end is not in it."""

    begin: int
    end: int

    @property
    def length(self) -> int:
        return max(0, self.end - self.begin)

    def overlap(self, begin: int, end: int) -> int:
        return max(0, min(self.end, end) - max(self.begin, begin))


def joined(spans: Iterable[Span]) -> list[Span]:
    """Return the spans in order, those that overlap or touch as one."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.begin <= found[-1].end:
            found[-1] = Span(found[-1].begin, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found
