"""Work out when something fired, first and last, how often, and for how long in all.

What flaps has several lives. Lives that overlap or touch are one firing: for people it never ended in
between.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from gateway.model.incident import EarlierLives
from gateway.model.instants import MAX_INSTANT
from gateway.model.worded import FiringTimes

Span = tuple[int, int | None]
"""The begin and the end of one life in ms; no end while it fires."""


def firing_times(spans: Sequence[Span], earlier: Collection[EarlierLives] = ()) -> FiringTimes:
    """Return the times of these lives, of which there is at least one, and of those
    `earlier` that are only counted.
    """
    if len(spans) == 1 and not earlier:
        # It has fired once, as nearly all have.
        ((start, end),) = spans
        ended_at = None if end is None else max(start, end)
        return FiringTimes(start, start, ended_at, 1, 0 if ended_at is None else ended_at - start)
    fires = any(end is None for _, end in spans)
    firings = _merged([(start, max(start, MAX_INSTANT if end is None else end)) for start, end in spans])
    over = firings[:-1] if fires else firings
    return FiringTimes(
        first_at=min([firings[0][0], *(lives.first_at for lives in earlier)]),
        since=firings[-1][0],
        ended_at=None if fires else firings[-1][1],
        times=len(firings) + sum(lives.count for lives in earlier),
        fired_for=sum(end - start for start, end in over) + sum(lives.fired_for for lives in earlier),
    )


def _merged(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the spans in their order, those that overlap or touch as one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
