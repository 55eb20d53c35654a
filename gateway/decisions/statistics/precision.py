"""Precision: the share of pages that were worth it, over all labelled pages and over a sample."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from gateway.decisions.statistics.intervals import Cluster, effective_size, sums_of, wilson
from gateway.model.statistics.facts import PageFact
from gateway.model.statistics.rows import Because, Precision, SampledPrecision, Sums, Verdict, Why

ENOUGH_COVERAGE = 0.8

_OF_LABELS = ("value", "lower", "upper", "n_effective")
_OF_PAGES = ("coverage", "bound_low", "bound_high")


class Judgement(NamedTuple):
    incident: str
    actionable: bool


def precision(pages: Sequence[PageFact], target: float) -> Precision:
    judged = [
        Judgement(page.incident, page.is_actionable) for page in pages if page.labels.in_force is not None
    ]
    return Precision(target=target, **_figures(judged, len(pages), target))


def sampled_precision(pages: Sequence[PageFact], target: float, sample: float) -> SampledPrecision:
    """Return the precision of the drawn pages by people's words alone: the figure to compare with the target."""
    drawn = [page for page in pages if page.draw < sample]
    judged = [
        Judgement(page.incident, page.labels.person == "actionable")
        for page in drawn
        if page.labels.person is not None
    ]
    figures = _figures(judged, len(drawn), target)
    coverage = figures["coverage"]
    # Those who answer are not like those who do not, so a sample with many gaps proves nothing.
    if judged and coverage is not None and coverage < ENOUGH_COVERAGE:
        figures |= {"verdict": "undecided", "because": {**figures["because"], "verdict": "few_answered"}}
    return SampledPrecision(target=target, pages=len(drawn), **figures)


def clusters_of(judged: Iterable[Judgement]) -> list[Cluster]:
    """Return what was judged, by incident."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for judgement in judged:
        counts = found[judgement.incident]
        counts[0] += 1
        counts[1] += judgement.actionable
    return [Cluster(*counts) for counts in found.values()]


def _figures(judged: Sequence[Judgement], pages: int, target: float) -> dict[str, Any]:
    clusters = clusters_of(judged)
    sums = sums_of(clusters)
    counts: dict[str, Any] = {"n": sums.n, "clusters": sums.m, "sums": sums}
    if pages == 0:
        return {
            **counts,
            "coverage": None,
            "verdict": "no_labels",
            "because": _all(_OF_LABELS + _OF_PAGES, "no_pages"),
        }
    of_pages = {
        "coverage": sums.n / pages,
        "bound_low": sums.a / pages,
        "bound_high": (sums.a + pages - sums.n) / pages,
    }
    if sums.n == 0:
        return {**counts, **of_pages, "verdict": "no_labels", "because": _all(_OF_LABELS, "no_labels")}
    return {**counts, **of_pages, **_interval(clusters, sums, target), "because": {}}


def _interval(clusters: Sequence[Cluster], sums: Sums, target: float) -> dict[str, Any]:
    share, size = sums.a / sums.n, effective_size(clusters, sums)
    lower, upper = wilson(share, size)
    return {
        "value": share,
        "lower": lower,
        "upper": upper,
        "n_effective": size,
        "verdict": _verdict(lower, upper, target),
    }


def _verdict(lower: float, upper: float, target: float) -> Verdict:
    if lower >= target:
        return "met"
    return "missed" if upper < target else "undecided"


def _all(fields: Iterable[str], why: Why) -> Because:
    return dict.fromkeys(fields, why)
