"""The exact interval of a rate of events that come independently of each other.

Its limits are quantiles of the gamma distribution. SciPy has them, but is many times as large as the gateway
and all else that it needs; so they are worked out here, and tests compare them with SciPy and with a table.
"""

from __future__ import annotations

from math import exp, inf, lgamma, log, sqrt

from gateway.decisions.statistics.intervals import Bounds

TAIL = 0.025  # on each side of an interval of 95 %
_TINY = 1e-300
_ENOUGH = 1e-16
_BISECTIONS = 200


def expected_events(observed: int) -> Bounds:
    """Return the bounds of the expected number of events where so many were observed (Garwood)."""
    lower = 0.0 if observed == 0 else gamma_quantile(TAIL, observed)
    return Bounds(lower, gamma_quantile(1 - TAIL, observed + 1))


def gamma_quantile(share: float, shape: float) -> float:
    """Return the quantile of the gamma distribution with scale 1: half of chi-square's with 2 × shape."""
    low, high = 0.0, shape + 10 * sqrt(shape) + 20
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        if gamma_cdf(middle, shape) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def gamma_cdf(x: float, shape: float) -> float:
    """Return the regularised lower incomplete gamma function, as in Numerical Recipes, 6.2."""
    if x <= 0:
        return 0.0
    scale = exp(shape * log(x) - x - lgamma(shape))
    return scale * _series(x, shape) if x < shape + 1 else 1 - scale * _fraction(x, shape)


def _series(x: float, shape: float) -> float:
    term = total = 1 / shape
    divisor = shape
    while term > total * _ENOUGH:
        divisor += 1
        term *= x / divisor
        total += term
    return total


def _fraction(x: float, shape: float) -> float:
    """Return the continued fraction of the upper tail by Lentz's method."""
    base = x + 1 - shape
    numerator, denominator = 1 / _TINY, 1 / base
    value, step, index = denominator, inf, 0
    while abs(step - 1) > _ENOUGH * 10:
        index += 1
        factor = -index * (index - shape)
        base += 2
        denominator = factor * denominator + base
        numerator = base + factor / numerator
        denominator = 1 / (denominator if abs(denominator) > _TINY else _TINY)
        step = denominator * (numerator if abs(numerator) > _TINY else _TINY)
        value *= step
    return value
