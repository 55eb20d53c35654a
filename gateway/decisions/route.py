"""Route: which targets an alert is told at, in which role, by which route.

First match wins among siblings, `continue` goes on, only the deepest match tells. A target is a destination's
name plus its rendered channel, so a templated destination gives one target per value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway.decisions.calendar import Calendar
from gateway.decisions.rule_index import MAX_CACHED_ANSWERS, Memory, RuleIndex
from gateway.model.durations import MINUTE
from gateway.model.rules.destination import Destination
from gateway.model.rules.route import ALWAYS, Route
from gateway.model.rules.rulebook import Rulebook
from gateway.model.severity import Severity

# A page that is resolved and triggered again by a flap would ring twice, so its end waits a
# minute by default.
PAGING_RESOLVE_AFTER = MINUTE
_FIELD = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Recipient:
    """A destination that one route names for one alert; if `page`, it is notified only while `page_when`
    holds and then interrupts a person.

    `step` is the step of the route's escalation that names it, from 1; None where the route itself does.
    """

    target: str
    destination: Destination
    address: str
    route: Route
    page: bool
    step: int | None = None

    @property
    def resolve_after(self) -> int:
        if self.route.resolve_after is not None:
            return self.route.resolve_after
        return PAGING_RESOLVE_AFTER if self.page else 0

    @property
    def rule(self) -> str:
        return self.route.described


@dataclass(frozen=True, slots=True)
class DisallowedChannel:
    """A destination whose channel template gave a value that is not allowed, so that
    its fallback is notified.
    """

    destination: Destination
    route: Route
    page: bool
    value: str

    @property
    def described(self) -> str:
        return f"`{self.value[:60]}` is not in `allow` of {self.destination.name}"


@dataclass(frozen=True, slots=True)
class Routing:
    """`named` is true if a chosen route, or one of its parents, has matchers; then severity `none` does not
    suppress the alert.
    """

    recipients: tuple[Recipient, ...]
    disallowed: tuple[DisallowedChannel, ...]
    named: bool


class Router:
    """The routes of one rule set, compiled."""

    def __init__(self, rules: Rulebook, calendar: Calendar) -> None:
        self.rules = rules
        self._calendar = calendar
        self._timed = any(route.hours != ALWAYS for route in rules.routes)
        self._index = RuleIndex([route.match for route in rules.routes])
        self._named = _named(rules)
        templates = [destination.via.template for destination in rules.destinations.values()]
        self._labels = (
            *self._index.labels,
            *dict.fromkeys(label for template in templates for label in _FIELD.findall(template)),
        )
        # What alerts with the same values of those labels share; a plan asks for each member of an incident
        self._known: Memory[tuple[str, ...], Routing] = Memory(MAX_CACHED_ANSWERS)
        self._keeps = not self._timed and not any(route.shifts for route in rules.routes)

    def routing(self, labels: Mapping[str, str], now: int) -> Routing:
        """Return whom the alert is for. `now` is what people call the time (ms)."""
        if not self._keeps:
            return self._routing(labels, now)
        values = tuple([labels.get(name, "") for name in self._labels])
        known = self._known.recall(values)
        if known is None:
            known = self._routing(labels, now)
            self._known.keep(values, known, sum(map(len, values)))
        return known

    def _routing(self, labels: Mapping[str, str], now: int) -> Routing:
        matching = self._index.matching(labels)
        # A route out of its hours takes no alert, so that the next route that matches tells people instead.
        if self._timed:
            matching = tuple(at for at in matching if self._calendar.holds(self.rules.routes[at].hours, now))
        deepest = self._deepest(self._children(matching), None)
        found = [
            self.recipient(name, labels, route, page=False)
            for route in deepest
            for name in self._on_duty(route, now, page=False)
        ]
        found += [
            self.recipient(name, labels, route, page=True)
            for route in deepest
            for name in self._on_duty(route, now, page=True)
        ]
        # A target that a route both shows and pages is kept twice, since a pause or a mute
        # may close one way only.
        recipients = {
            (recipient.target, recipient.route.name, recipient.page): recipient
            for recipient in found
            if isinstance(recipient, Recipient)
        }
        disallowed = tuple(refused for refused in found if isinstance(refused, DisallowedChannel))
        return Routing(
            tuple(recipients.values()), disallowed, any(route.name in self._named for route in deepest)
        )

    def _on_duty(self, route: Route, now: int, *, page: bool) -> tuple[str, ...]:
        """Return the destinations that the route always tells, and those whose shift it is."""
        names = route.page if page else route.notify
        # A shift only adds people: a gap between two shifts leaves those whom the route always tells.
        for shift in route.shifts:
            if self._calendar.holds(shift.hours, now):
                names = (*names, *(shift.page if page else shift.notify))
        return names

    def recipient(
        self, name: str, labels: Mapping[str, str], route: Route, *, page: bool
    ) -> Recipient | DisallowedChannel:
        destination = self.rules.destinations[name]
        if not destination.via.template:
            return Recipient(name, destination, destination.address, route, page)
        channel = destination.via.template
        for label in _FIELD.findall(channel):
            value = destination.via.allowed_value(labels.get(label, ""))
            # A label that somebody misspelt, or forged, must not choose a channel that the rules do not list.
            if value is None:
                return DisallowedChannel(destination, route, page, labels.get(label, ""))
            channel = channel.replace("{" + label + "}", value)
        return Recipient(f"{name}:{channel}", destination, channel, route, page)

    def _children(self, matched: tuple[int, ...]) -> dict[int | None, list[int]]:
        children: dict[int | None, list[int]] = {}
        for position in matched:
            children.setdefault(self.rules.routes[position].parent, []).append(position)
        return children

    def _deepest(self, children: dict[int | None, list[int]], parent: int | None) -> list[Route]:
        found: list[Route] = []
        for position in children.get(parent, ()):
            route = self.rules.routes[position]
            # The most specific route decides, as in Alertmanager:
            # https://prometheus.io/docs/alerting/latest/configuration/#route
            found += self._deepest(children, position) or [route]
            if not route.go_on:
                break
        return found


def _named(rules: Rulebook) -> frozenset[str]:
    named: set[str] = set()
    for route in rules.routes:
        at: Route | None = route
        while at is not None:
            # Matchers of a parent speak of the alert as well, so its children also tell
            # alerts of severity `none`.
            if at.match:
                named.add(route.name)
            at = rules.routes[at.parent] if at.parent is not None else None
    return frozenset(named)


def pages_from(route: Route) -> Severity | None:
    """Return the severity from which an alert may make the route page, None where
    anything else may do so too.
    """
    levels = [condition.severity for condition in route.page_when.conditions]
    return min((level for level in levels if level is not None), default=None) if None not in levels else None


def interrupts(route: Route, firing: Sequence[tuple[Severity, Mapping[str, str]]]) -> bool:
    """Return whether `page_when` holds for the firing alerts of a target's view, each of which counts once."""
    # An end interrupts nobody: only what fires can page.
    if not firing:
        return False
    holds = []
    for condition in route.page_when.conditions:
        if condition.severity is not None:
            least = condition.severity
            holds.append(any(severity >= least for severity, _ in firing))
        elif condition.alerts is not None:
            holds.append(len(firing) >= condition.alerts)
        else:
            matchers = condition.match or ()
            holds.append(any(all(matcher.matches(labels) for matcher in matchers) for _, labels in firing))
    # A route that pages without a condition pages for whatever fires.
    if not holds:
        return True
    return all(holds) if route.page_when.quantifier == "all" else any(holds)
