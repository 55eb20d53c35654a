"""Sum the last four weeks up in the few figures that Prometheus shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from gateway.decisions.statistics.report import report
from gateway.model.statistics.history import History
from gateway.model.statistics.request import asked
from gateway.model.statistics.rows import Row
from gateway.model.statistics.summary import Summary

T = TypeVar("T")


def summary(history: History, now: int) -> Summary:
    """Return the figures of the four weeks before `now` (ms)."""
    total = report(history, asked(now, by="none")).total
    return Summary(
        made_at=now,
        took=0,
        counts=_known(_counts(total)),
        shares=_known(_shares(total)),
        seconds=_known(
            {
                "mtta_median": total.mtta.median_seconds,
                "mttr_median": total.mttr.median_seconds,
                "mtbf": total.mtbf.value_seconds,
            }
        ),
    )


def _counts(total: Row) -> dict[str, int | None]:
    counts, labels, missed = total.counts, total.labels, total.missed
    return {
        "incidents": counts.incidents,
        "pages": counts.pages,
        "calls": counts.calls,
        "labelled": labels.labelled,
        "actionable": labels.actionable,
        "noise": labels.noise,
        "spells": missed.spells,
        "misses": missed.misses,
    }


def _shares(total: Row) -> dict[str, float | None]:
    precision = total.precision
    return {
        "precision": precision.value,
        "precision_lower": precision.lower,
        "precision_upper": precision.upper,
        "precision_sampled": total.precision_sampled.value,
        "told_share": total.missed.told_share,
        "within_goal": total.mttr.within_goal.value,
    }


def _known(figures: Mapping[str, T | None]) -> dict[str, T]:
    return {name: figure for name, figure in figures.items() if figure is not None}
