"""Times of things that may not have ended yet: Kaplan and Meier, Greenwood, Aalen and Johansen.

Times are whole ms, so that equal ones are equal. At equal times ends come before censorings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import exp, fsum, log, sqrt
from typing import NamedTuple

from gateway.decisions.statistics.intervals import Bounds, Z, wilson

CLOSE = 1e-9  # what rounding may do to a product of shares


class Observed(NamedTuple):
    """How long something was observed, and whether its end was seen then."""

    time: int
    ended: bool


class Step(NamedTuple):
    """`survival`: the share that lasts longer than `time`. `at_risk` were observed up
    to it, `ends` ended then.
    """

    time: int
    survival: float
    at_risk: int
    ends: int


class Curve(NamedTuple):
    steps: tuple[Step, ...]
    observed: tuple[Observed, ...]

    @property
    def longest(self) -> int:
        return max((observed.time for observed in self.observed), default=0)

    @property
    def reaches_zero(self) -> bool:
        return bool(self.steps) and self.steps[-1].survival == 0

    def survival(self, time: int) -> float:
        return next((step.survival for step in reversed(self.steps) if step.time <= time), 1.0)

    def quantile(self, share: float) -> int | None:
        """Return the smallest time by which this share has ended, None if that was not seen."""
        reached = (step.time for step in self.steps if step.survival <= 1 - share + CLOSE)
        return next(reached, None)

    def mean(self, horizon: int) -> float | None:
        """Return the mean up to the horizon, None unless the curve is known up to it."""
        if not self.reaches_zero and self.longest < horizon:
            return None
        areas, before, survival = [], 0, 1.0
        for step in self.steps:
            if step.time >= horizon:
                break
            areas.append(survival * (step.time - before))
            before, survival = step.time, step.survival
        return fsum([*areas, survival * (horizon - before)])

    def ended_within(self, time: int) -> tuple[float, Bounds] | None:
        """Return the share that ends within the time, with its bounds; None if nobody was observed for so
        long.
        """
        survival = self.survival(time)
        if self.longest < time and survival > 0:
            return None
        if survival in (0, 1):
            known = sum(one.time >= time or one.ended for one in self.observed)
            return 1 - survival, wilson(1 - survival, known)
        error = sqrt(
            fsum(
                step.ends / (step.at_risk * (step.at_risk - step.ends))
                for step in self.steps
                if step.time <= time
            )
        )
        spread = exp(Z * error / abs(log(survival)))
        return 1 - survival, Bounds(1 - survival ** (1 / spread), 1 - survival**spread)


def kaplan_meier(observed: Iterable[Observed]) -> Curve:
    found = tuple(observed)
    ends, leaving = Counter(one.time for one in found if one.ended), Counter(one.time for one in found)
    steps, at_risk, survival = [], len(found), 1.0
    for time in sorted(leaving):
        if ends[time]:
            survival *= (at_risk - ends[time]) / at_risk
            steps.append(Step(time, survival, at_risk, ends[time]))
        at_risk -= leaving[time]
    return Curve(tuple(steps), found)


class Incidences(NamedTuple):
    """The share that was acknowledged by a time, and the share that ended before that."""

    time: int
    acknowledged: float
    ended_before: float


def aalen_johansen(
    acknowledged: Sequence[int], ended: Sequence[int], open_since: Sequence[int]
) -> tuple[Incidences, ...]:
    """Return how the two incidences grow. Each incident is in one of the three lists, by its time."""
    first, other = Counter(acknowledged), Counter(ended)
    leaving = first + other + Counter(open_since)
    at_risk, survival, by_first, by_other = leaving.total(), 1.0, 0.0, 0.0
    steps = []
    for time in sorted(leaving):
        by_first += survival * first[time] / at_risk
        by_other += survival * other[time] / at_risk
        survival *= (at_risk - first[time] - other[time]) / at_risk
        steps.append(Incidences(time, by_first, by_other))
        at_risk -= leaving[time]
    return tuple(steps)
