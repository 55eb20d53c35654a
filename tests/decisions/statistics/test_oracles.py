"""Other people's statistics say the same. Where the extra `oracles` is not there, this is left out."""

from __future__ import annotations

from importlib import import_module
from random import Random
from typing import Any

import pytest

from gateway.decisions.statistics.implied import implied
from gateway.decisions.statistics.intervals import Z, wilson
from gateway.decisions.statistics.poisson import expected_events
from gateway.decisions.statistics.survival import CLOSE, Observed, aalen_johansen, kaplan_meier
from gateway.model.statistics.facts import Dimensions, Entity, LabelSummary, PageFact
from tests.support.missing import missing

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]

CASES = 200
MISSING = "not installed: scripts/install-oracles .venv brings lifelines, SciPy and statsmodels"


def oracle(module: str) -> Any:
    """Return the module; missing, the test fails in CI and elsewhere skips with the remedy."""
    try:
        return import_module(module)
    except ModuleNotFoundError:
        missing(MISSING)


def level() -> float:
    """Return the error that goes with our z of 1.96, which is not exactly 5 %."""
    return float(2 * oracle("scipy.stats").norm.sf(Z))


def observations(random: Random) -> list[Observed]:
    top = random.choice((3, 20, 5000))
    return [Observed(random.randrange(top), random.random() < 0.7) for _ in range(random.randrange(2, 80))]


def test_lifelines_draws_the_same_curve() -> None:
    lifelines = oracle("lifelines")
    for seed in range(CASES):
        found = observations(Random(seed))
        curve = kaplan_meier(found)
        theirs = lifelines.KaplanMeierFitter(alpha=level()).fit(
            [one.time for one in found], [one.ended for one in found]
        )
        for time in range(0, curve.longest + 1, max(1, curve.longest // 40)):
            assert curve.survival(time) == pytest.approx(float(theirs.predict(time)), abs=1e-9)
        for share in (0.5, 0.9):
            quantile = theirs.percentile(1 - share + CLOSE)
            assert curve.quantile(share) == (None if quantile == float("inf") else quantile)
        mean = curve.mean(curve.longest)
        restricted = lifelines.utils.restricted_mean_survival_time(theirs, t=curve.longest)
        assert mean == pytest.approx(float(restricted), abs=1e-6)


def test_lifelines_gives_the_same_bounds() -> None:
    lifelines = oracle("lifelines")
    for seed in range(CASES):
        found = observations(Random(seed))
        curve = kaplan_meier(found)
        time = curve.longest // 2
        within = curve.ended_within(time)
        assert within is not None
        if 0 < curve.survival(time) < 1:
            theirs = lifelines.KaplanMeierFitter(alpha=level()).fit(
                [one.time for one in found], [one.ended for one in found]
            )
            upper, lower = theirs.confidence_interval_survival_function_.loc[:time].iloc[-1].tolist()[::-1]
            assert within[1] == pytest.approx((1 - upper, 1 - lower), abs=1e-9)


def test_statsmodels_gives_the_same_incidences() -> None:
    survfunc = oracle("statsmodels.duration.survfunc")
    for seed in range(CASES):
        random = Random(seed)
        times = [random.randrange(1, 30) for _ in range(random.randrange(3, 60))]
        status = [random.choice((0, 1, 1, 2)) for _ in times]
        if {1, 2} - set(status):
            status[:2] = [1, 2]
        ours = aalen_johansen(
            *(
                [time for time, kind in zip(times, status, strict=True) if kind == wanted]
                for wanted in (1, 2, 0)
            )
        )
        theirs = survfunc.CumIncidenceRight(times, status)
        for number, time in enumerate(theirs.times):
            step = next(step for step in reversed(ours) if step.time <= time)
            assert (step.acknowledged, step.ended_before) == pytest.approx(
                (theirs.cinc[0][number], theirs.cinc[1][number]), abs=1e-9
            )


@pytest.mark.parametrize(("actionable", "n"), [(0, 9), (1, 9), (9, 9), (73, 73), (950, 1000)])
def test_statsmodels_gives_the_same_wilson_interval(actionable: int, n: int) -> None:
    confint = oracle("statsmodels.stats.proportion").proportion_confint
    assert wilson(actionable / n, n) == pytest.approx(confint(actionable, n, level(), "wilson"), abs=1e-12)


@pytest.mark.parametrize("observed", [0, 1, 2, 3, 10, 57, 1000, 40_000])
def test_scipy_gives_the_same_poisson_interval(observed: int) -> None:
    chi2 = oracle("scipy.stats").chi2
    lower = chi2.ppf(0.025, 2 * observed) / 2 if observed else 0.0
    assert expected_events(observed) == pytest.approx(
        (lower, chi2.ppf(0.975, 2 * observed + 2) / 2), rel=1e-10
    )


def test_statsmodels_gives_the_same_kappa() -> None:
    cohens_kappa = oracle("statsmodels.stats.inter_rater").cohens_kappa
    for seed in range(CASES):
        random = Random(seed)
        pages = [
            PageFact(
                str(number), number, str(number), "pager", 1, Dimensions(), Entity(), 0.0, own=False,
                labels=LabelSummary(implied=random.choice(("actionable", "noise")), person=random.choice(("actionable", "noise"))),
            )
            for number in range(random.randrange(20, 90))
        ]  # fmt: skip
        found = implied(pages)
        assert found.table is not None
        table = found.table
        theirs = cohens_kappa(
            [
                [table.actionable_actionable, table.actionable_noise],
                [table.noise_actionable, table.noise_noise],
            ],
            return_results=False,
        )
        assert found.kappa == pytest.approx(theirs, abs=1e-9)
