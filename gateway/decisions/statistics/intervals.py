"""The interval of a share of pages that stand or fall together.

The pages of one incident are no independent trials: forty pages of one outage say little more than one. So
Wilson's interval is given the number of pages that would be worth as much if they were independent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import fsum, sqrt
from typing import NamedTuple

from gateway.model.statistics.rows import Sums

Z = 1.96


class Cluster(NamedTuple):
    """The pages of one incident: how many are labelled, and how many of these actionable."""

    labelled: int
    actionable: int


class Bounds(NamedTuple):
    lower: float
    upper: float


def wilson(share: float, n: float) -> Bounds:
    """Return Wilson's bounds of a share of `n` trials; at a share of 0 or 1 that bound is exact."""
    spread = Z * Z / n
    middle = (share + spread / 2) / (1 + spread)
    half = Z * sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    lower = 0.0 if share <= 0 else max(0.0, middle - half)
    upper = 1.0 if share >= 1 else min(1.0, middle + half)
    return Bounds(lower, upper)


def sums_of(clusters: Sequence[Cluster]) -> Sums:
    return Sums(
        m=len(clusters),
        n=sum(cluster.labelled for cluster in clusters),
        a=sum(cluster.actionable for cluster in clusters),
        nn=sum(cluster.labelled**2 for cluster in clusters),
        aa=sum(cluster.actionable**2 for cluster in clusters),
        an=sum(cluster.actionable * cluster.labelled for cluster in clusters),
        aa_n=fsum(cluster.actionable**2 / cluster.labelled for cluster in clusters),
    )


def effective_size(clusters: Sequence[Cluster], sums: Sums) -> float:
    """Return the number of independent pages that these are worth: the smaller of two estimates.

    The first looks at how far the incidents' shares lie apart, the second at how far the pages of an incident
    agree. Every cluster has a labelled page.
    """
    m, n, a = sums.m, sums.n, sums.a
    if m < 2 or a in (0, n):
        # Nothing can be learnt about how alike the pages of an incident are, so they count as wholly alike.
        return n * n / sums.nn
    share = a / n
    spread = share * (1 - share)
    variance = _between(clusters, share) * m / (m - 1) / (n * n)
    by_variance = n / max(1.0, variance * n / spread)
    if n == m:
        return max(1.0, by_variance)
    within = fsum(actionable * (labelled - actionable) / labelled for labelled, actionable in clusters)
    alike = min(1.0, max(0.0, 1 - within / ((n - m) * spread)))
    by_agreement = n / (1 + alike * (sums.nn / n - 1))
    return max(1.0, min(by_variance, by_agreement))


def _between(clusters: Iterable[Cluster], share: float) -> float:
    return fsum((actionable - share * labelled) ** 2 for labelled, actionable in clusters)
