"""The estimates of statistics by their textbook formulas, one line after the other."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise

Cluster = tuple[int, int]  # the actionable and the labelled pages of an incident
Z, NEAR = 1.96, Fraction(1, 10**9)


def wilson(p: float, n: float) -> tuple[float, float]:
    middle = (p + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return (0.0 if p == 0 else middle - half), (1.0 if p == 1 else middle + half)


def n_effective(clusters: list[Cluster]) -> float:
    m, n, a = len(clusters), sum(n for _, n in clusters), sum(a for a, _ in clusters)
    squares, p = sum(n * n for _, n in clusters), a / n
    if m < 2 or a in (0, n):
        return n * n / squares
    v = m / (m - 1) * sum((a_c - p * n_c) ** 2 for a_c, n_c in clusters) / n**2
    found = n / max(1, v * n / (p * (1 - p)))
    if n > m:
        rho = 1 - sum(a_c * (n_c - a_c) / n_c for a_c, n_c in clusters) / ((n - m) * p * (1 - p))
        found = min(found, n / (1 + min(1, max(0, rho)) * (squares / n - 1)))
    return max(1, found)


def poisson_bounds(k: int) -> tuple[float, float]:
    """Return the means under which k or more, and k or fewer, have a chance of 2.5 %."""

    def at_most(count: int, mean: float) -> float:
        return math.fsum(math.exp(i * math.log(mean) - mean - math.lgamma(i + 1)) for i in range(count + 1))

    def crossing(found: Callable[[float], bool]) -> float:
        low, high = 1e-9, k + 20 * math.sqrt(k + 1) + 20
        for _ in range(200):
            low, high = (low, (low + high) / 2) if found((low + high) / 2) else ((low + high) / 2, high)
        return high

    return crossing(lambda mean: 1 - at_most(k - 1, mean) >= 0.025), crossing(
        lambda mean: at_most(k, mean) <= 0.025
    )


def smallest(values: list[float], q: float) -> float | None:
    return next((v for i, v in enumerate(sorted(values), 1) if i / len(values) >= q - 1e-9), None)


class Followed:
    """Times that something was followed for, each with the word of how it ended, None if it was cut off."""

    def __init__(self, seen: list[tuple[float, str | None]]) -> None:
        self.seen, self.longest = seen, max((t for t, _ in seen), default=None)
        self.steps = sorted({t for t, word in seen if word})

    def share(self, word: str, upto: float) -> Fraction:
        """Return the incidence of the word: S(t-) times those who end so, over those still followed."""
        left, found = Fraction(1), Fraction(0)
        for step in (t for t in self.steps if t <= upto):
            at_risk = sum(t >= step for t, _ in self.seen)
            found += left * Fraction(sum(s == (step, word) for s in self.seen), at_risk)
            left *= 1 - Fraction(sum(t == step and w is not None for t, w in self.seen), at_risk)
        return found

    def survival(self, upto: float) -> Fraction:
        return 1 - sum((self.share(word, upto) for word in {w for _, w in self.seen if w}), Fraction(0))

    def quantile(self, q: Fraction) -> float | None:
        return next((t for t in self.steps if self.survival(t) <= 1 - q + NEAR), None)

    def mean(self, horizon: float) -> float | None:
        if self.longest is None or (self.longest < horizon and self.survival(horizon) > 0):
            return None
        edges = [0.0, *(t for t in self.steps if t < horizon), horizon]
        return math.fsum(float(self.survival(a)) * (b - a) for a, b in pairwise(edges))

    def within(self, goal: float) -> tuple[float, float, float] | None:
        left = self.survival(goal)
        if self.longest is None or (self.longest < goal and left > 0):
            return None
        if left in (0, 1):
            known = sum(t >= goal or word is not None for t, word in self.seen)
            return (float(1 - left), *wilson(float(1 - left), known))
        variance = 0.0
        for step in (t for t in self.steps if t <= goal):
            at_risk, gone = (
                sum(t >= step for t, _ in self.seen),
                sum(s[0] == step and s[1] is not None for s in self.seen),
            )
            variance += gone / (at_risk * (at_risk - gone))
        theta = Z * math.sqrt(variance) / abs(math.log(left))
        return float(1 - left), 1 - float(left) ** math.exp(-theta), 1 - float(left) ** math.exp(theta)
