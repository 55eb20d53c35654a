"""Build the tree of routes: find parents, fill in what is inherited, and warn of routes without effect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gateway.model.rules.destination import Destination
from gateway.model.rules.route import ALWAYS, EscalationStep, Route, Shift
from gateway.rules.files.checks import Checks
from gateway.rules.files.raw import RawRoute, RawShift, RawStep

INHERITED_TIMERS = ("group_wait", "update_interval", "resolve_after", "remind")


class RouteTree:
    """The raw routes of one rule set."""

    def __init__(self, checks: Checks, listed: Sequence[RawRoute]) -> None:
        self._checks = checks
        self._listed = listed

    def build(self, destinations: Mapping[str, Destination]) -> tuple[tuple[Route, ...], tuple[int, ...]]:
        listed = self._listed
        self._checks.unique(((route.name, route.place) for route in listed), "route")
        positions = {route.name: at for at, route in reversed(list(enumerate(listed)))}
        parents = self._parents(listed, positions)
        children: dict[int | None, list[int]] = {}
        for at, parent in enumerate(parents):
            children.setdefault(parent, []).append(at)
        resolved: dict[int, Route] = {}
        for at in _downwards(children):
            above = resolved.get(parents[at]) if parents[at] is not None else None  # type: ignore[arg-type]
            resolved[at] = self._route(
                listed[at], above, parents[at], tuple(children.get(at, ())), destinations
            )
        for siblings in children.values():
            self._checks.unreachable(
                [
                    (listed[at].name, listed[at].place, listed[at].match, _lets_through(listed[at]))
                    for at in siblings
                ],
                "route",
            )
        self._silent(listed, resolved)
        return tuple(resolved[at] for at in range(len(listed)) if at in resolved), tuple(
            children.get(None, ())
        )

    def _parents(self, listed: Sequence[RawRoute], positions: Mapping[str, int]) -> list[int | None]:
        parents: list[int | None] = []
        for route in listed:
            if route.parent is None:
                parents.append(None)
            elif route.parent.name in positions:
                parents.append(positions[route.parent.name])
            else:
                self._checks.unknown(route.parent, "parent", positions)
                parents.append(None)
        circular = _circular(parents)
        for at, route in enumerate(listed):
            if at in circular and route.parent is not None:
                self._checks.error(route.parent.place, f"the parents of `{route.name}` lead back to it")
        return parents

    def _route(
        self,
        raw: RawRoute,
        above: Route | None,
        parent: int | None,
        children: tuple[int, ...],
        destinations: Mapping[str, Destination],
    ) -> Route:
        inherited: dict[str, Any] = {}
        if above is not None:
            names = (
                "owner",
                "notify",
                "page",
                "page_when",
                "mute",
                "shifts",
                "escalate",
                "longest_hold",
                *INHERITED_TIMERS,
            )
            inherited = {name: getattr(above, name) for name in names}
        # `remind: off` reads as None and turns off what the parent reminds of; any other None inherits.
        own = {name: value for name, value in raw.own.items() if value is not None or name == "remind"}
        for name, references in (("notify", raw.notify), ("page", raw.page)):
            if references is not None:
                own[name] = self._checks.names(references, destinations)
        if raw.shifts is not None:
            own["shifts"] = tuple(self._shift(shift, destinations) for shift in raw.shifts)
        if raw.escalate is not None:
            own["escalate"] = tuple(self._step(step, destinations) for step in raw.escalate)
        further: tuple[RawShift | RawStep, ...] = (*(raw.shifts or ()), *(raw.escalate or ()))
        self._checks.interrupts_nobody(*(raw.notify or ()), *(ref for part in further for ref in part.notify))
        self._checks.wakes_somebody(*(raw.page or ()), *(ref for part in further for ref in part.page))
        origin = raw.place.origin
        route = Route(raw.name, origin, raw.match, parent, children, raw.go_on, **{**inherited, **own})
        self._idle_steps(raw, route)
        return route

    def _shift(self, shift: RawShift, destinations: Mapping[str, Destination]) -> Shift:
        return Shift(
            shift.hours,
            self._checks.names(shift.notify, destinations),
            self._checks.names(shift.page, destinations),
        )

    def _step(self, step: RawStep, destinations: Mapping[str, Destination]) -> EscalationStep:
        notify, page = (self._checks.names(named, destinations) for named in (step.notify, step.page))
        return EscalationStep(step.after, step.unless_acknowledged, notify, page, step.hours)

    def _idle_steps(self, raw: RawRoute, route: Route) -> None:
        """Warn of each step that pages only whom the route, or a step before it, has paged already."""
        paged = set(route.page)
        for at, step in enumerate(route.escalate):
            if step.page and not step.notify and paged.issuperset(step.page) and raw.escalate is not None:
                self._checks.warn(
                    raw.escalate[at].place,
                    f"this step calls nobody: {', '.join(step.page)} is paged before it, and an open page calls"
                    " nobody twice",
                )
            paged.update(step.page)

    def _silent(self, listed: Sequence[RawRoute], resolved: Mapping[int, Route]) -> None:
        for at, route in resolved.items():
            # It takes alerts from its siblings, and nobody hears of them. That may be meant, so it is no
            # error.
            if not route.children and not route.notify and not route.page and not route.shifts:
                # Whoever wrote the steps counts on somebody being called by them.
                never = ", and its steps are never taken: they count from its first call or telling"
                self._checks.suspect(
                    listed[at].place,
                    f"route `{route.name}` tells nobody: its alerts reach no person (unrouted)"
                    f"{never if route.escalate else ''}",
                )


def _lets_through(route: RawRoute) -> bool:
    """Return whether alerts that match can reach the next sibling.

    They can where this route goes on (`continue`), and while it is out of its hours.
    """
    return route.go_on or route.own["hours"] != ALWAYS


def _circular(parents: Sequence[int | None]) -> set[int]:
    """Return the positions of the routes that are above themselves. Each route is gone through once."""
    circular: set[int] = set()
    done: set[int] = set()
    for begin in range(len(parents)):
        walked: dict[int, None] = {}
        at: int | None = begin
        while at is not None and at not in done and at not in walked:
            walked[at] = None
            at = parents[at]
        if at in walked:
            upwards = list(walked)
            circular.update(upwards[upwards.index(at) :])
        done.update(walked)
    return circular


def _downwards(children: Mapping[int | None, list[int]]) -> Iterable[int]:
    """Yield positions of routes, parents before their children.

    Routes whose parents form a circle are left out.
    """
    waiting = list(children.get(None, ()))
    for at in waiting:
        yield at
        waiting += children.get(at, ())
