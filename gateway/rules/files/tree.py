"""The tree of routes: parents found, inheritance filled in, and what is never reached or tells nobody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from gateway.model.rules.destination import Destination
from gateway.model.rules.origin import Origin
from gateway.model.rules.route import ALWAYS, Route, Shift
from gateway.rules.files.checks import Checks
from gateway.rules.files.findings import nearest
from gateway.rules.files.raw import WrittenRoute, WrittenShift

WAITS = ("group_wait", "update_interval", "resolve_after", "remind")


class RouteTree:
    """The routes of one rule set, as they are written."""

    def __init__(self, checks: Checks, listed: Sequence[WrittenRoute]) -> None:
        self._checks = checks
        self._listed = listed

    def build(self, destinations: Mapping[str, Destination]) -> tuple[tuple[Route, ...], tuple[int, ...]]:
        listed = self._listed
        self._checks.unique(((one.name, one.place) for one in listed), "route")
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
            self._checks.unreachable(
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
                self._checks.error(one.parent.place, f"unknown parent `{one.parent.name}`{nearest(one.parent.name, positions)}")
                parents.append(None)
        for at, one in enumerate(listed):
            if _circular(at, parents) and one.parent is not None:
                self._checks.error(one.parent.place, f"the parents of `{one.name}` lead back to it")
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
                own[name] = self._checks.names(references, destinations)
        if one.shifts is not None:
            own["shifts"] = tuple(self._shift(shift, destinations) for shift in one.shifts)
        self._checks.interrupts_nobody(*(one.notify or ()), *(ref for shift in one.shifts or () for ref in shift.notify))
        self._checks.wakes_somebody(*(one.page or ()), *(ref for shift in one.shifts or () for ref in shift.page))
        origin = Origin(one.place.file, one.place.line)
        return Route(one.name, origin, one.match, parent, children, one.go_on, **{**inherited, **own})

    def _shift(self, shift: WrittenShift, destinations: Mapping[str, Destination]) -> Shift:
        return Shift(shift.hours, self._checks.names(shift.notify, destinations), self._checks.names(shift.page, destinations))

    def _silent(self, listed: Sequence[WrittenRoute], resolved: Mapping[int, Route]) -> None:
        for at, route in resolved.items():
            if not route.children and not route.notify and not route.page and not route.shifts:
                self._checks.warn(listed[at].place, f"route `{route.name}` tells nobody: its alerts are suppressed(unrouted)")


def _lets_through(one: WrittenRoute) -> bool:
    """It goes on, or is out of force at times: what stands behind it is reached."""
    return one.go_on or one.own["hours"] != ALWAYS


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
