"""What compacted days still know: their labels are final, and so is how their incidents stood then."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from gateway.decisions.statistics import failures, times
from gateway.decisions.statistics.load import RowLoad, nothing_shown
from gateway.decisions.statistics.spans import Span
from gateway.model.statistics.compacted import CompactedDay
from gateway.model.statistics.rows import (
    Because,
    Corrected,
    Implied,
    Labels,
    Missed,
    Precision,
    Row,
    SampledPrecision,
)
from gateway.model.statistics.settings import PrecisionSettings

_PRECISION = (
    "value",
    "lower",
    "upper",
    "n",
    "n_effective",
    "clusters",
    "sums",
    "coverage",
    "bound_low",
    "bound_high",
)
_MISSED = (
    "spells", "misses", "pending", "followed", "mirror", "excess", "told_share", "late_seconds", "by_reason",
)  # fmt: skip


class Kept:
    """What can be said of compacted days, asked as of an instant and with a cutoff (ms)."""

    def __init__(
        self, days: Sequence[CompactedDay], as_of: int, cutoff: int, settings: PrecisionSettings
    ) -> None:
        self._days = days
        self._as_of = as_of
        self._cutoff = cutoff
        self._settings = settings
        self.exact_since = max((day.end for day in days), default=None)

    def what_is_left(self, row: Row, span: Span) -> Row:
        """Return the row without the figures that the days in its stretch of time cannot give."""
        days, early = self._days_of(span), self._is_early(span)
        if early or any(day.cutoff != self._cutoff for day in days):
            row = _without_labels(row)
        if (
            early
            or row.labels.labelled is None
            or any(day.miss_within != self._settings.miss_within for day in days)
        ):
            row = structs.replace(row, missed=Missed(because=_compacted(_MISSED)))
        if early:
            row = structs.replace(
                row,
                counts=structs.replace(row.counts, confirmed=None, unconfirmed=None),
                mtta=times.MTTA_COMPACTED,
                mttr=times.MTTR_COMPACTED,
                mtbf=failures.COMPACTED,
            )
        return row

    def load_left(self, load: RowLoad, span: Span) -> RowLoad:
        """Return the load, without any figure where shifts may have been written after `as_of`."""
        if load.load.persons != "shown" or not self._is_early(span):
            return load
        return RowLoad(nothing_shown(self._settings, "shown", "compacted"), 0, 0)

    def _days_of(self, span: Span) -> Sequence[CompactedDay]:
        return [day for day in self._days if day.begin < span.end and day.end > span.begin]

    def _is_early(self, span: Span) -> bool:
        return any(day.compacted_at > self._as_of for day in self._days_of(span))


def _without_labels(row: Row) -> Row:
    target = row.precision.target
    return structs.replace(
        row,
        labels=Labels(),
        precision=Precision(target=target, because=_compacted((*_PRECISION, "verdict"))),
        precision_sampled=SampledPrecision(
            target=target, because=_compacted((*_PRECISION, "verdict", "pages"))
        ),
        implied=Implied(because=_compacted(("pairs", "table", "agreement", "kappa"))),
        corrected=Corrected(because=_compacted(("value", "lower", "upper", "strata"))),
    )


def _compacted(fields: Sequence[str]) -> Because:
    return dict.fromkeys(fields, "compacted")
