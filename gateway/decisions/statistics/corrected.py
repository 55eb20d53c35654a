"""The corrected estimate: what people found in the pages they checked, carried over to all pages.

Pages are put in classes by what is implied of them, and each class counts by its share of all pages
(post-stratification). It is right only if the pages that people checked are like the others of their class.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import fsum, sqrt

from gateway.decisions.statistics.intervals import Z, effective_size, sums_of
from gateway.decisions.statistics.precision import Judgement, clusters_of
from gateway.model.statistics.facts import PageFact
from gateway.model.statistics.rows import Because, Corrected, Stratum, Why

CLASSES = ("pagerduty_human", "slack_ack_note", "self_resolved", "none")
ENOUGH_CHECKED = 5


def corrected(pages: Sequence[PageFact]) -> Corrected:
    sizes: dict[str, int] = defaultdict(int)
    checked: dict[str, list[Judgement]] = defaultdict(list)
    for page in pages:
        name = page.labels.implied_class or "none"
        sizes[name] += 1
        if page.labels.person is not None:
            checked[name].append(Judgement(page.incident, page.labels.person == "actionable"))
    strata = tuple(
        Stratum(name, sizes[name], len(checked[name]), sum(judged.actionable for judged in checked[name]))
        for name in CLASSES
    )
    counted = [stratum for stratum in strata if stratum.pages]
    if not counted:
        return Corrected(strata=strata, because=_nothing("no_pages"))
    if any(stratum.checked < ENOUGH_CHECKED for stratum in counted):
        return Corrected(strata=strata, because=_nothing("too_few_checked"))
    total = len(pages)
    value = fsum(stratum.pages / total * stratum.actionable / stratum.checked for stratum in counted)
    spread = fsum((stratum.pages / total) ** 2 * _variance(checked[stratum.class_]) for stratum in counted)
    half = Z * sqrt(spread)
    return Corrected(value, max(0.0, value - half), min(1.0, value + half), strata)


def _variance(judged: Sequence[Judgement]) -> float:
    """Return the variance of a class's share, as if one page more of each kind had been checked: a class in
    which all are alike is not certain for that.
    """
    clusters = clusters_of(judged)
    sums = sums_of(clusters)
    size = effective_size(clusters, sums)
    share = (size * sums.a / sums.n + 1) / (size + 2)
    return share * (1 - share) / size


def _nothing(why: Why) -> Because:
    return dict.fromkeys(("value", "lower", "upper"), why)
