"""Time between failures (MTBF) of services, with its exact Poisson interval.

An incident that paged is a failure of the service of its first page, from its first firing to its last end.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log

from gateway.decisions.statistics.poisson import expected_events
from gateway.decisions.statistics.spans import Span, joined
from gateway.model.statistics.facts import IncidentFact, Key, PageFact, Seen
from gateway.model.statistics.rows import Because, Mtbf

GOAL_SECONDS = 2_592_000
_NONE_SEEN = -log(0.05)  # no event where this many are expected has a chance of 5 %
_OF_THE_VALUE = ("value_seconds", "lower_seconds", "upper_seconds")
_ALL = ("failures", "services", "up_seconds", *_OF_THE_VALUE, "at_least_seconds")

NOT_BY_THIS = Mtbf(because=dict.fromkeys(_ALL, "not_by_this"))
COMPACTED = Mtbf(because=dict.fromkeys(_ALL, "compacted"))


@dataclass(slots=True)
class Unit:
    """A service, or one alert name of it, with its failures. Those that overlap or touch are one."""

    service: str
    seen_at: int | None = None
    failures: list[Span] = field(default_factory=list)


class Failures:
    """The units of each row's key."""

    def __init__(
        self,
        first_pages: Iterable[tuple[PageFact, IncidentFact]],
        pages: Iterable[PageFact],
        seen: Iterable[Seen],
        as_of: int,
        *,
        by_alertname: bool,
        key_of: Callable[[str, str | None], Key],
    ) -> None:
        units: dict[tuple[str, str | None], Unit] = {}
        keys: dict[Key, list[Unit]] = defaultdict(list)

        def unit_of(service: str, alertname: str | None) -> Unit:
            name = service, alertname if by_alertname else None
            if name not in units:
                units[name] = Unit(service)
                keys[key_of(service, alertname)].append(units[name])
            return units[name]

        for one in seen:
            unit = unit_of(one.service, one.alertname)
            unit.seen_at = one.at if unit.seen_at is None else min(unit.seen_at, one.at)
        for page in pages:  # its alert was seen by then, whoever has lost the word of that
            if page.dims.service is not None and not page.own:
                unit = unit_of(page.dims.service, page.dims.alertname)
                unit.seen_at = page.at if unit.seen_at is None else min(unit.seen_at, page.at)
        for page, incident in first_pages:
            if page.dims.service is not None:
                unit = unit_of(page.dims.service, page.dims.alertname)
                end = as_of if incident.until is None else incident.until
                unit.failures.append(Span(incident.started_at, max(incident.started_at, end)))
        for unit in units.values():
            unit.failures = joined(unit.failures)
        self._units: Mapping[Key, Sequence[Unit]] = keys

    def block(self, key: Key, span: Span) -> Mtbf:
        """Return the figures of a key in a stretch of time."""
        services: set[str] = set()
        failures = up = 0
        for unit in self._units.get(key, ()):
            failures += _begun_in(unit.failures, span)
            if unit.seen_at is None or unit.seen_at >= span.end or not span.length:
                continue
            services.add(unit.service)
            lived = Span(max(span.begin, unit.seen_at), span.end)
            up += lived.length - _time_in(unit.failures, lived)
        return _block(failures, len(services), up / 1000)


def _begun_in(failures: Sequence[Span], span: Span) -> int:
    first = bisect_left(failures, span.begin, key=lambda one: one.begin)
    return max(0, bisect_left(failures, span.end, key=lambda one: one.begin) - first)


def _time_in(failures: Sequence[Span], span: Span) -> int:
    first = max(0, bisect_right(failures, span.begin, key=lambda one: one.begin) - 1)
    last = bisect_left(failures, span.end, key=lambda one: one.begin)
    return sum(failure.overlap(*span) for failure in failures[first:last])


def _block(failures: int, services: int, up_seconds: float) -> Mtbf:
    if not services:
        because: Because = dict.fromkeys((*_OF_THE_VALUE, "at_least_seconds"), "no_services")
        return Mtbf(failures, 0, up_seconds, because=because)
    if not failures:
        because = dict.fromkeys(_OF_THE_VALUE, "no_failures")
        return Mtbf(0, services, up_seconds, at_least_seconds=up_seconds / _NONE_SEEN, because=because)
    fewest, most = expected_events(failures)
    return Mtbf(failures, services, up_seconds, up_seconds / failures, up_seconds / most, up_seconds / fewest)
