"""From what is written to a rule set: names resolved, the tree built, inheritance filled in, and what can never be reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gateway.model.instants import instant
from gateway.model.rules.destination import Destination
from gateway.model.rules.kinds import Watchdog
from gateway.model.rules.route import ALWAYS
from gateway.model.rules.rulebook import DEFAULT_CLOSED_BY_HAND, LabelRules, Rulebook
from gateway.model.time_intervals import TimeInterval, first_after
from gateway.outbound.registry import KINDS
from gateway.rules.files.checks import Checks
from gateway.rules.files.findings import Finding, nearest
from gateway.rules.files.raw import Written
from gateway.rules.files.sources import problems, worries
from gateway.rules.files.tree import RouteTree
from gateway.rules.files.watchdogs import findings_of, source_of


def assemble(written: Written, revision: str, findings: list[Finding], now: int) -> Rulebook:
    """The rule set, meaningful only where no finding is an error; `now` (ms) tells what is over for good."""
    work = _Assembly(written, findings)
    destinations = work.destinations()
    routes, roots = RouteTree(work, written.routes).build(destinations)
    work.correlate()
    intervals = work.intervals()
    work.never_come(now)
    work.maintenance(now)
    work.inhibit()
    work.partitions()
    work.sources()
    watchdogs = work.watchdogs(destinations)
    audit = work.audit(destinations)
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
        audit=audit,
        partition_by=tuple(dict.fromkeys(one.name for one in written.partition_by)),
        listed_sources={one.value.name: one.value for one in written.sources},
        closed_by_hand=DEFAULT_CLOSED_BY_HAND if written.closed_by_hand is None else written.closed_by_hand,
    )


class _Assembly(Checks):
    def partitions(self) -> None:
        """What tells partitions apart has to be there in every alert as Alertmanager sends it, ends included."""
        labels = self._written.labels or LabelRules()
        for one in self._written.partition_by:
            if one.name in labels.ignore:
                self.error(one.place, f"label `{one.name}` is ignored (labels.ignore): it cannot keep partitions apart")
            if one.name in labels.rename or one.name in labels.rename.values():
                self.error(one.place, f"label `{one.name}` is renamed (labels.rename): it cannot keep partitions apart")

    def destinations(self) -> dict[str, Destination]:
        listed = self._written.destinations
        self.unique(((one.value.name, one.place) for one in listed), "destination")
        found = {one.value.name: one.value for one in listed}
        for one in listed:
            for reference in one.fallback:
                self.known(reference, found)
            if one.value.name in _reached(one.value.name, found):
                self.error(one.place, f"the fallbacks of `{one.value.name}` lead back to it")
        channels: dict[object, str] = {}
        for one in listed:
            other = channels.setdefault(_channel(one.value), one.value.name)
            if other != one.value.name:
                self.warn(one.place, f"`{one.value.name}` and `{other}` are the same place: whoever looks there is told twice")
        return found

    def correlate(self) -> None:
        listed = self._written.correlate
        self.unique(((one.value.name, one.place) for one in listed), "correlate rule")
        self.unreachable(
            [(one.value.name, one.place, one.value.match, one.value.hours != ALWAYS) for one in listed], "correlate rule"
        )

    def intervals(self) -> dict[str, tuple[TimeInterval, ...]]:
        listed = self._written.intervals
        self.unique(((one.name, one.place) for one in listed), "time interval")
        found = {one.name: one.value for one in listed}
        for reference in self._written.intervals_named:
            if reference.name not in found:
                self.error(reference.place, f"unknown time interval `{reference.name}`{nearest(reference.name, found)}")
        named = {reference.name for reference in self._written.intervals_named}
        for one in listed:
            if one.name not in named:
                self.warn(one.place, f"time interval `{one.name}` is named by no rule")
        return found

    def maintenance(self, now: int) -> None:
        listed = self._written.maintenance
        self.unique(((one.value.name, one.place) for one in listed), "maintenance")
        for one in listed:
            if one.value.end and one.value.end <= now:
                self.warn(one.place, f"maintenance `{one.value.name}` is over: it can be taken out")

    def inhibit(self) -> None:
        self.unique(((one.value.name, one.place) for one in self._written.inhibit), "inhibit rule")

    def sources(self) -> None:
        listed = self._written.sources
        self.unique(((one.value.name, one.place) for one in listed), "source")
        for place, message in problems(listed):
            self.error(place, message)
        for place, message in worries(listed):
            self.warn(place, message)

    def watchdogs(self, destinations: Mapping[str, Destination]) -> dict[str, Watchdog]:
        listed, sources = self._written.watchdogs, {one.value.name: one for one in self._written.sources}
        self.unique(((one.value.name, one.place) for one in listed), "watchdog")
        for one in listed:
            self.interrupts_nobody(*one.notify)
            self.wakes_somebody(*one.page)
            for level, place, message in findings_of(one, sources):
                self._findings.append(Finding(level, place, message))
        found = {one.value.name: replace(one.value, source=source_of(one, sources)) for one in reversed(listed)}
        told = {one.value.name: [self.names(names, destinations) for names in (one.notify, one.page)] for one in listed}
        return {name: replace(found[name], notify=notify, page=page) for name, (notify, page) in told.items()}

    def audit(self, destinations: Mapping[str, Destination]) -> tuple[str, ...]:
        """Only a receiver of webhooks takes what no person is to read."""
        for one in self._written.audit:
            if one.name in destinations and not destinations[one.name].via.takes_audit:
                kinds = " or ".join(f"{{{name}: …}}" for name, kind in KINDS.items() if kind.integration.takes_audit)
                self.error(one.place, f"`{one.name}` takes no audit trail: name a {kinds} destination")
        return self.names(self._written.audit, destinations)

    def never_come(self, now: int) -> None:
        moment = instant(now)
        for one in self._written.intervals:
            if one.value and all(first_after(interval, moment) is None for interval in one.value):
                self.warn(one.place, f"time interval `{one.name}` never comes (again)")

    def unused(self, destinations: Mapping[str, Destination]) -> None:
        places = {one.value.name: one.place for one in self._written.destinations}
        for name in destinations:
            if name not in self.used:
                self.warn(places[name], f"destination `{name}` is used by no route")


def _channel(destination: Destination) -> object:
    return destination.kind, destination.via.place


def _reached(name: str, destinations: Mapping[str, Destination]) -> set[str]:
    found: set[str] = set()
    waiting = list(destinations[name].fallback)
    while waiting:
        one = waiting.pop()
        if one not in found and one in destinations:
            found.add(one)
            waiting += destinations[one].fallback
    return found
