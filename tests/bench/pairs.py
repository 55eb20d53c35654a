"""Runs that are compared: one after the other, in turns, so that a slow minute of the machine hits all of them."""

from __future__ import annotations

import statistics
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

PAIRS = 5

Run = Callable[[int], Awaitable[float]]


@dataclass(frozen=True)
class Spread:
    """The median of some figures, the lowest and the highest of them."""

    median: float
    low: float
    high: float


def spread(figures: Iterable[float]) -> Spread:
    found = sorted(figures)
    return Spread(statistics.median(found), found[0], found[-1])


async def in_turns(rounds: Iterable[int], variants: Mapping[str, Run]) -> dict[str, list[float]]:
    """Run every variant in every round; each round begins with another one. Return their figures by round."""
    figures: dict[str, list[float]] = {name: [] for name in variants}
    for number in rounds:
        first = number % len(variants)
        for name in [*variants][first:] + [*variants][:first]:
            figures[name].append(await variants[name](number))
    return figures


def ratios(figures: Sequence[float], beside: Sequence[float]) -> list[float]:
    """Return the ratio of each pair."""
    return [one / other for one, other in zip(figures, beside, strict=True)]
