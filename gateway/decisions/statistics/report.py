"""The report: all figures of a window, by key and bucket. This is the one entrance to the statistics."""

from __future__ import annotations

from typing import Literal

from gateway.decisions.statistics.gather import EventsByKind, gather, settings_in_force
from gateway.decisions.statistics.kept import Kept
from gateway.decisions.statistics.table import table
from gateway.model.instants import instant
from gateway.model.statistics.history import History
from gateway.model.statistics.report import Report
from gateway.model.statistics.request import StatisticsRequest


def report(history: History, request: StatisticsRequest) -> Report:
    """Return the report. The request was checked (`asked`). The cost grows as n log n with the events."""
    events = EventsByKind(history.events, request.as_of)
    in_force = settings_in_force(events, history, request.as_of)
    settings = in_force.settings
    cutoff = settings.cutoff if request.cutoff is None else request.cutoff
    facts = gather(history, events, request.as_of, cutoff, settings).facts
    found = table(facts, request, settings, Kept(history.days, request.as_of, cutoff, settings))
    missing = (*history.missing, *(("expired",) if found.expired else ()))
    exact_since = history.exact_since
    return Report(
        from_=_written(request.from_),
        to=_written(request.to),
        as_of=_written(request.as_of),
        tz=request.tz,
        by=request.by,
        bucket=request.bucket,
        cutoff_seconds=cutoff / 1000,
        miss_within_seconds=settings.miss_within / 1000,
        sample=request.sample,
        seed=history.seed,
        rules_revision=in_force.revision,
        basis=_basis(exact_since, request),
        exact_since=None if exact_since is None else _written(exact_since),
        complete=not missing,
        incomplete_because=missing,
        other_values=found.folded,
        rows=found.rows,
        other=found.other,
        total=found.total,
    )


def _basis(exact_since: int | None, request: StatisticsRequest) -> Literal["exact", "compacted", "mixed"]:
    if exact_since is None or exact_since <= request.from_:
        return "exact"
    return "compacted" if min(request.to, request.as_of) <= exact_since else "mixed"


def _written(milliseconds: int) -> str:
    moment = instant(milliseconds)
    return moment.isoformat(timespec="milliseconds" if milliseconds % 1000 else "seconds").replace(
        "+00:00", "Z"
    )
