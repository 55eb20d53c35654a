"""The rows of a report, in their order, with those that stand for others and the total."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC
from typing import NamedTuple

from msgspec import structs

from gateway.decisions.statistics.audience import Audience
from gateway.decisions.statistics.buckets import Buckets
from gateway.decisions.statistics.corrected import corrected
from gateway.decisions.statistics.counting import counts, labels
from gateway.decisions.statistics.failures import NOT_BY_THIS, Failures
from gateway.decisions.statistics.implied import implied
from gateway.decisions.statistics.kept import Kept
from gateway.decisions.statistics.load import RowLoad, protected
from gateway.decisions.statistics.misses import QuietContext, missed, pages_by_group
from gateway.decisions.statistics.precision import precision, sampled_precision
from gateway.decisions.statistics.rows import Keys, RowFacts, collect
from gateway.decisions.statistics.spans import Span
from gateway.decisions.statistics.spells import paged_misses
from gateway.decisions.statistics.times import mtta, mttr
from gateway.model.statistics.facts import Facts, IncidentFact, Key, PageFact
from gateway.model.statistics.request import By, StatisticsRequest
from gateway.model.statistics.rows import Mtbf, Row
from gateway.model.statistics.settings import PrecisionSettings
from gateway.model.statistics.zones import zone_named

MAX_KEYS = 200


class Table(NamedTuple):
    """All rows. `folded` is how many keys `other` stands for, `expired` that rows by person are gone."""

    rows: tuple[Row, ...]
    other: Row | None
    total: Row
    folded: int
    expired: bool


def table(facts: Facts, request: StatisticsRequest, settings: PrecisionSettings, kept: Kept) -> Table:
    parts = _Parts(facts, request, settings, kept)
    expired = request.by == "person" and request.from_ < (kept.exact_since or 0)
    folded = parts.folded()
    rows = [] if expired else list(parts.rows(folded))
    # A row of all who may not be seen would say what they had together.
    others = [parts.other(folded)] if folded and request.by != "person" else []
    total = parts.total()
    shown = _with_loads([*rows, *others], total, four=parts.audience.sums_of_four)
    return Table(
        rows=shown[: len(rows)],
        other=shown[len(rows)] if others else None,
        total=shown[-1],
        folded=len(folded),
        expired=expired,
    )


@dataclass(frozen=True, slots=True)
class _Draft:
    """A row whose load may still have to be hidden."""

    row: Row
    load: RowLoad


def _with_loads(drafts: list[_Draft], total: _Draft, *, four: bool) -> tuple[Row, ...]:
    loads, of_total = [draft.load.load for draft in drafts], total.load.load
    if four:
        loads, of_total = protected([draft.load for draft in drafts], total.load)
    pairs = zip((*drafts, total), (*loads, of_total), strict=True)
    return tuple(structs.replace(draft.row, load=load) for draft, load in pairs)


class _Parts:
    """The parts that the rows of a request are made of."""

    def __init__(
        self, facts: Facts, request: StatisticsRequest, settings: PrecisionSettings, kept: Kept
    ) -> None:
        self._facts, self._request, self._settings, self._kept = facts, request, settings, kept
        zone = zone_named(request.tz) or UTC
        window = Span(request.from_, request.to)
        self._buckets = Buckets(window, request.bucket, zone)
        self._whole = Buckets(window, "none", zone)
        self._keys = Keys(request.by, zone)
        self.audience = Audience(settings, request.viewer, request.by, facts, kept.exact_since)
        self._total_audience = Audience(settings, request.viewer, "none", facts, kept.exact_since)
        actionable = [page for page in facts.pages if not page.own and page.is_actionable]
        paged = paged_misses(facts.spells, actionable, settings.miss_within)
        self._quiet = QuietContext(pages_by_group(actionable), paged, settings.miss_within, request.as_of)
        self._first_pages = list(_first_pages(facts))

    def folded(self) -> frozenset[Key]:
        """Return the keys beyond the most frequent ones in the whole window."""
        pages = (page for page in self._facts.pages if not page.own and self._whole.of(page.at) is not None)
        sizes = Counter(key for page in pages for key in self._keys.of_page(page) if self.audience.sees(key))
        ordered = sorted(sizes, key=lambda key: (-sizes[key], key is None, key or ""))
        return frozenset(ordered[MAX_KEYS:])

    def rows(self, folded: frozenset[Key]) -> Iterator[_Draft]:
        collected = collect(self._facts, self._buckets, self._keys)
        if self._request.by == "none":
            places: Iterable[tuple[int, Key]] = ((number, None) for number in range(len(self._buckets.spans)))
        else:
            places = (
                place
                for place, row in collected.items()
                if row.pages and place[1] not in folded and self.audience.sees(place[1])
            )
        failures = self._failures(self._request.by, lambda key: key)
        for number, key in sorted(places, key=lambda place: (place[0], place[1] is None, place[1] or "")):
            row = collected.get((number, key), RowFacts())
            span, start = self._buckets.spans[number], self._buckets.starts[number]
            yield self._draft(key, start, row, span, _mtbf(failures, key, self._until(span)), self.audience)

    def other(self, folded: frozenset[Key]) -> _Draft:
        def fold(keys: Iterable[Key]) -> Iterable[Key]:
            return (None,) if any(key in folded for key in keys) else ()

        row = collect(self._facts, self._whole, self._keys, fold).get((0, None), RowFacts())
        failures = self._failures(self._request.by, lambda key: None if key in folded else "kept")
        return self._whole_row(row, failures, self.audience)

    def total(self) -> _Draft:
        keys = Keys("none", UTC)
        row = collect(self._facts, self._whole, keys).get((0, None), RowFacts())
        return self._whole_row(row, self._failures("none", lambda key: key), self._total_audience)

    def _whole_row(self, row: RowFacts, failures: Failures | None, audience: Audience) -> _Draft:
        (span,) = self._whole.spans
        return self._draft(None, None, row, span, _mtbf(failures, None, self._until(span)), audience)

    def _until(self, span: Span) -> Span:
        return Span(span.begin, max(span.begin, min(span.end, self._request.as_of)))

    def _failures(self, by: By, name: Callable[[Key], Key]) -> Failures | None:
        if by not in ("none", "service", "alertname"):
            return None

        def key_of(service: str, alertname: str | None) -> Key:
            return None if by == "none" else name(service if by == "service" else alertname)

        return Failures(
            self._first_pages,
            self._facts.pages,
            self._facts.seen,
            self._request.as_of,
            by_alertname=by == "alertname",
            key_of=key_of,
        )

    def _draft(
        self, key: Key, start: str | None, row: RowFacts, span: Span, mtbf: Mtbf, audience: Audience
    ) -> _Draft:
        request, settings, pages = self._request, self._settings, row.pages
        load = self._kept.load_left(audience.load(key, row.pairs, self._until(span)), span)
        made = Row(
            key=key,
            bucket_start=start,
            counts=counts(row),
            labels=labels(pages, request.sample),
            precision=precision(pages, settings.target),
            precision_sampled=sampled_precision(pages, settings.target, request.sample),
            implied=implied(pages),
            corrected=corrected(pages),
            missed=missed(row.spells, pages, self._quiet),
            mtta=mtta(row.arrivals, request.as_of),
            mttr=mttr(row.arrivals, request.as_of),
            mtbf=mtbf,
            load=load.load,
        )
        return _Draft(self._kept.what_is_left(made, span), load)


def _mtbf(failures: Failures | None, key: Key, span: Span) -> Mtbf:
    return NOT_BY_THIS if failures is None else failures.block(key, span)


def _first_pages(facts: Facts) -> Iterator[tuple[PageFact, IncidentFact]]:
    known: set[str] = set()
    for page in facts.pages:
        if not page.own and page.incident not in known:
            known.add(page.incident)
            yield page, facts.incidents[page.incident]
