"""How far implied labels can be trusted: where a person judged the same page, do they agree?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gateway.model.statistics.facts import PageFact
from gateway.model.statistics.rows import Because, Implied, PairTable

ENOUGH_PAIRS = 20


def implied(pages: Sequence[PageFact]) -> Implied:
    """Compare the labels of one page of each incident: its earliest that has both."""
    pairs: dict[str, tuple[str, str]] = {}
    for page in pages:
        labels = page.labels
        if labels.implied is not None and labels.person is not None:
            pairs.setdefault(page.incident, (labels.implied, labels.person))
    counted = Counter(pairs.values())
    table = PairTable(
        actionable_actionable=counted["actionable", "actionable"],
        actionable_noise=counted["actionable", "noise"],
        noise_actionable=counted["noise", "actionable"],
        noise_noise=counted["noise", "noise"],
    )
    number = len(pairs)
    agreement = (table.actionable_actionable + table.noise_noise) / number if number else None
    because: Because = {} if number else {"agreement": "too_few"}
    kappa = None
    if number < ENOUGH_PAIRS:
        because["kappa"] = "too_few"
    elif _has_one_value(table):
        because["kappa"] = "degenerate"
    else:
        kappa = _kappa(table, number)
    return Implied(number, table, agreement, kappa, because)


def _has_one_value(table: PairTable) -> bool:
    by_implied = (
        table.actionable_actionable + table.actionable_noise,
        table.noise_actionable + table.noise_noise,
    )
    by_person = (
        table.actionable_actionable + table.noise_actionable,
        table.actionable_noise + table.noise_noise,
    )
    return 0 in (*by_implied, *by_person)


def _kappa(table: PairTable, number: int) -> float:
    """Return Cohen's kappa: the agreement beyond what chance alone would give."""
    implied_actionable = table.actionable_actionable + table.actionable_noise
    said_actionable = table.actionable_actionable + table.noise_actionable
    by_chance = implied_actionable * said_actionable + (number - implied_actionable) * (
        number - said_actionable
    )
    agreed = (table.actionable_actionable + table.noise_noise) * number
    return (agreed - by_chance) / (number * number - by_chance)
