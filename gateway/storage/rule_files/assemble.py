"""From what is written to a rule set: names resolved, the tree built, inheritance filled in, and what can never be reached."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from gateway.model.matchers import Matcher
from gateway.model.rulebook import (
    ALWAYS,
    DEFAULT_CLOSED_BY_HAND,
    Destination,
    LabelRules,
    Origin,
    PagerDutyService,
    Route,
    Rulebook,
    Shift,
    SlackChannel,
    Watchdog,
)
from gateway.model.time_intervals import TimeInterval, first_after
from gateway.storage.rule_files.findings import Finding, Level, Place, nearest
from gateway.storage.rule_files.read import Reference
from gateway.storage.rule_files.sources import problems, worries
from gateway.storage.rule_files.watchdogs import findings_of, source_of
from gateway.storage.rule_files.written import Written, WrittenRoute, WrittenShift

WAITS = ("group_wait", "update_interval", "resolve_after", "remind")


def assemble(written: Written, revision: str, findings: list[Finding], now: int) -> Rulebook:
    """The rule set, meaningful only where no finding is an error; `now` (ms) tells what is over for good."""
    work = _Assembly(written, findings)
    destinations = work.destinations()
    routes, roots = work.routes(destinations)
    work.correlate()
    intervals = work.intervals()
    work.never_come(now)
    work.maintenance(now)
    work.inhibit()
    work.partitions()
    work.sources()
    watchdogs = work.watchdogs(destinations)
    work.unused(destinations)
    return Rulebook(
        revision=revision,
        labels=written.labels or LabelRules(),
        destinations=destinations,
        routes=routes,
        roots=roots,
        correlate=tuple(one.value for one in written.correlate),
        intervals=intervals,
        maintenance=tuple(one.value for one in written.maintenance),
        inhibit=tuple(one.value for one in written.inhibit),
        watchdogs=watchdogs,
        silences=written.silences,
        partition_by=tuple(dict.fromkeys(one.name for one in written.partition_by)),
        listed_sources={one.value.name: one.value for one in written.sources},
        closed_by_hand=DEFAULT_CLOSED_BY_HAND if written.closed_by_hand is None else written.closed_by_hand,
    )


class _Assembly:
    def __init__(self, written: Written, findings: list[Finding]) -> None:
        self._written = written
        self._findings = findings
        self._used: set[str] = set()

    def _error(self, place: Place, message: str) -> None:
        self._findings.append(Finding(Level.ERROR, place, message))

    def _warn(self, place: Place, message: str) -> None:
        self._findings.append(Finding(Level.WARNING, place, message))

    def _unique(self, named: Iterable[tuple[str, Place]], what: str) -> None:
        seen: dict[str, Place] = {}
        for name, place in named:
            if name in seen:
                self._error(place, f"{what} `{name}` stands in {seen[name].file}:{seen[name].line} already")
            seen.setdefault(name, place)

    def partitions(self) -> None:
        """What tells partitions apart has to be there in every alert as Alertmanager sends it, ends included."""
        labels = self._written.labels or LabelRules()
        for one in self._written.partition_by:
            if one.name in labels.ignore:
                self._error(one.place, f"label `{one.name}` is ignored (labels.ignore): it cannot keep partitions apart")
            if one.name in labels.rename or one.name in labels.rename.values():
                self._error(one.place, f"label `{one.name}` is renamed (labels.rename): it cannot keep partitions apart")

    def destinations(self) -> dict[str, Destination]:
        listed = self._written.destinations
        self._unique(((one.value.name, one.place) for one in listed), "destination")
        found = {one.value.name: one.value for one in listed}
        for one in listed:
            for reference in one.fallback:
                self._known(reference, found)
            if one.value.name in _reached(one.value.name, found):
                self._error(one.place, f"the fallbacks of `{one.value.name}` lead back to it")
        channels: dict[object, str] = {}
        for one in listed:
            other = channels.setdefault(_channel(one.value), one.value.name)
            if other != one.value.name:
                self._warn(one.place, f"`{one.value.name}` and `{other}` are the same place: whoever looks there is told twice")
        return found

    def _known(self, reference: Reference, destinations: Mapping[str, Destination]) -> bool:
        self._used.add(reference.name)
        if reference.name in destinations:
            return True
        self._error(reference.place, f"unknown destination `{reference.name}`{nearest(reference.name, destinations)}")
        return False

    def _names(self, references: Iterable[Reference], destinations: Mapping[str, Destination]) -> tuple[str, ...]:
        """Of those that there are."""
        return tuple(dict.fromkeys(one.name for one in references if self._known(one, destinations)))

    def _interrupts_nobody(self, *notify: Reference) -> None:
        pagers = {one.value.name for one in self._written.destinations if isinstance(one.value.via, PagerDutyService)}
        for one in notify:
            if one.name in pagers:
                self._error(one.place, f"`{one.name}` is PagerDuty, which always interrupts: it belongs into `page`")

    def routes(self, destinations: Mapping[str, Destination]) -> tuple[tuple[Route, ...], tuple[int, ...]]:
        listed = self._written.routes
        self._unique(((one.name, one.place) for one in listed), "route")
        positions = {one.name: at for at, one in reversed(list(enumerate(listed)))}
        parents = self._parents(listed, positions)
        children: dict[int | None, list[int]] = {}
        for at, parent in enumerate(parents):
            children.setdefault(parent, []).append(at)
        resolved: dict[int, Route] = {}
        for at in _downwards(children):
            above = resolved.get(parents[at]) if parents[at] is not None else None  # type: ignore[arg-type]
            resolved[at] = self._route(listed[at], above, parents[at], tuple(children.get(at, ())), destinations)
        for siblings in children.values():
            self._unreachable(
                [(listed[at].name, listed[at].place, listed[at].match, _lets_through(listed[at])) for at in siblings], "route"
            )
        self._silent(listed, resolved)
        return tuple(resolved[at] for at in range(len(listed)) if at in resolved), tuple(children.get(None, ()))

    def _parents(self, listed: Sequence[WrittenRoute], positions: Mapping[str, int]) -> list[int | None]:
        parents: list[int | None] = []
        for one in listed:
            if one.parent is None:
                parents.append(None)
            elif one.parent.name in positions:
                parents.append(positions[one.parent.name])
            else:
                self._error(one.parent.place, f"unknown parent `{one.parent.name}`{nearest(one.parent.name, positions)}")
                parents.append(None)
        for at, one in enumerate(listed):
            if _circular(at, parents) and one.parent is not None:
                self._error(one.parent.place, f"the parents of `{one.name}` lead back to it")
        return parents

    def _route(
        self, one: WrittenRoute, above: Route | None, parent: int | None, children: tuple[int, ...], destinations: Mapping[str, Destination]
    ) -> Route:  # fmt: skip
        inherited: dict[str, Any] = {}
        if above is not None:
            names = ("owner", "notify", "page", "page_when", "mute", "shifts", "longest_hold", *WAITS)
            inherited = {name: getattr(above, name) for name in names}
        own = {name: value for name, value in one.own.items() if value is not None or name == "remind"}
        for name, references in (("notify", one.notify), ("page", one.page)):
            if references is not None:
                own[name] = self._names(references, destinations)
        if one.shifts is not None:
            own["shifts"] = tuple(self._shift(shift, destinations) for shift in one.shifts)
        self._interrupts_nobody(*(one.notify or ()), *(ref for shift in one.shifts or () for ref in shift.notify))
        origin = Origin(one.place.file, one.place.line)
        return Route(one.name, origin, one.match, parent, children, one.go_on, **{**inherited, **own})

    def _shift(self, shift: WrittenShift, destinations: Mapping[str, Destination]) -> Shift:
        return Shift(shift.hours, self._names(shift.notify, destinations), self._names(shift.page, destinations))

    def _silent(self, listed: Sequence[WrittenRoute], resolved: Mapping[int, Route]) -> None:
        for at, route in resolved.items():
            if not route.children and not route.notify and not route.page and not route.shifts:
                self._warn(listed[at].place, f"route `{route.name}` tells nobody: its alerts are suppressed(unrouted)")

    def correlate(self) -> None:
        listed = self._written.correlate
        self._unique(((one.value.name, one.place) for one in listed), "correlate rule")
        self._unreachable(
            [(one.value.name, one.place, one.value.match, one.value.hours != ALWAYS) for one in listed], "correlate rule"
        )

    def intervals(self) -> dict[str, tuple[TimeInterval, ...]]:
        listed = self._written.intervals
        self._unique(((one.name, one.place) for one in listed), "time interval")
        found = {one.name: one.value for one in listed}
        for reference in self._written.intervals_named:
            if reference.name not in found:
                self._error(reference.place, f"unknown time interval `{reference.name}`{nearest(reference.name, found)}")
        named = {reference.name for reference in self._written.intervals_named}
        for one in listed:
            if one.name not in named:
                self._warn(one.place, f"time interval `{one.name}` is named by no rule")
        return found

    def maintenance(self, now: int) -> None:
        listed = self._written.maintenance
        self._unique(((one.value.name, one.place) for one in listed), "maintenance")
        for one in listed:
            if one.value.end and one.value.end <= now:
                self._warn(one.place, f"maintenance `{one.value.name}` is over: it can be taken out")

    def inhibit(self) -> None:
        self._unique(((one.value.name, one.place) for one in self._written.inhibit), "inhibit rule")

    def sources(self) -> None:
        listed = self._written.sources
        self._unique(((one.value.name, one.place) for one in listed), "source")
        for place, message in problems(listed):
            self._error(place, message)
        for place, message in worries(listed):
            self._warn(place, message)

    def watchdogs(self, destinations: Mapping[str, Destination]) -> dict[str, Watchdog]:
        listed, sources = self._written.watchdogs, {one.value.name: one for one in self._written.sources}
        self._unique(((one.value.name, one.place) for one in listed), "watchdog")
        for one in listed:
            self._interrupts_nobody(*one.notify)
            for level, place, message in findings_of(one, sources):
                self._findings.append(Finding(level, place, message))
        found = {one.value.name: replace(one.value, source=source_of(one, sources)) for one in reversed(listed)}
        told = {one.value.name: [self._names(names, destinations) for names in (one.notify, one.page)] for one in listed}
        return {name: replace(found[name], notify=notify, page=page) for name, (notify, page) in told.items()}

    def never_come(self, now: int) -> None:
        moment = datetime.fromtimestamp(now / 1000, UTC)
        for one in self._written.intervals:
            if one.value and all(first_after(interval, moment) is None for interval in one.value):
                self._warn(one.place, f"time interval `{one.name}` never comes (again)")

    def _unreachable(self, siblings: Sequence[tuple[str, Place, tuple[Matcher, ...], bool]], what: str) -> None:
        """An earlier sibling whose matchers are all among a later one's takes everything from it."""
        texts = [frozenset(str(matcher) for matcher in match) for _, _, match, _ in siblings]
        common = Counter(text for one in texts for text in one)
        takers: dict[str, list[int]] = {}
        for at, (name, place, _, go_on) in enumerate(siblings):
            near = [taker for key in ("", *texts[at]) for taker in takers.get(key, ())]
            taker = next((one for one in near if texts[one] <= texts[at]), None)
            if taker is not None:
                other = siblings[taker]
                self._warn(
                    place,
                    f"{what} `{name}` is never reached: `{other[0]}` ({other[1].file}:{other[1].line}) takes everything before it",
                )
            elif not go_on:
                takers.setdefault(min(texts[at], key=lambda text: (common[text], text), default=""), []).append(at)

    def unused(self, destinations: Mapping[str, Destination]) -> None:
        places = {one.value.name: one.place for one in self._written.destinations}
        for name in destinations:
            if name not in self._used:
                self._warn(places[name], f"destination `{name}` is used by no route")


def _lets_through(one: WrittenRoute) -> bool:
    """It goes on, or is out of force at times: what stands behind it is reached."""
    return one.go_on or one.own["hours"] != ALWAYS


def _channel(destination: Destination) -> object:
    via = destination.via
    return (via.channel, via.token) if isinstance(via, SlackChannel) else (via.kind, destination.credential)


def _reached(name: str, destinations: Mapping[str, Destination]) -> set[str]:
    found: set[str] = set()
    waiting = list(destinations[name].fallback)
    while waiting:
        one = waiting.pop()
        if one not in found and one in destinations:
            found.add(one)
            waiting += destinations[one].fallback
    return found


def _circular(at: int, parents: Sequence[int | None]) -> bool:
    seen: set[int] = set()
    above = parents[at]
    while above is not None and above not in seen:
        if above == at:
            return True
        seen.add(above)
        above = parents[above]
    return False


def _downwards(children: Mapping[int | None, list[int]]) -> Iterable[int]:
    """Parents before their children; circles are left out."""
    waiting = list(children.get(None, ()))
    for at in waiting:
        yield at
        waiting += children.get(at, ())
