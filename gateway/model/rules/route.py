"""A route: who is notified of the alerts that it matches, when it pages, and when it is in force."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from gateway.model.durations import MINUTE, SECOND
from gateway.model.matchers import Matcher
from gateway.model.rules.origin import Origin, described
from gateway.model.severity import Severity


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of `page_when`; exactly one of its fields is set."""

    severity: Severity | None = None
    alerts: int | None = None
    match: tuple[Matcher, ...] | None = None


class Quantifier(StrEnum):
    """Whether any condition is enough, or all must hold."""

    ANY = "any"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class PageWhen:
    """The condition under which a route pages, judged on a target's view.

    Without conditions it always holds.
    """

    quantifier: Quantifier = Quantifier.ANY
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Hours:
    """The hours in which a rule is in force: in any of the intervals `during`, and in none of `not_during`.

    An empty `during` means always.
    """

    during: tuple[str, ...] = ()
    not_during: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.during, *self.not_during)


ALWAYS = Hours()


@dataclass(frozen=True, slots=True)
class Mute:
    """The named intervals in which a route does not page, or does not notify.

    A critical alert breaks through, unless `critical` says that it is muted too.
    """

    page: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    critical: bool = False

    def names(self, *, page: bool) -> tuple[str, ...]:
        return self.page if page else self.notify


@dataclass(frozen=True, slots=True)
class Shift:
    """The destinations that are notified during certain hours, in addition to those of the route."""

    hours: Hours
    notify: tuple[str, ...] = ()
    page: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """The destinations that are told, too, `after` ms from the first call of the route,
    or from its first telling.

    `unless_acknowledged`: not while somebody has the incident. A step that falls out of
    its hours waits for them.
    """

    after: int
    unless_acknowledged: bool = False
    notify: tuple[str, ...] = ()
    page: tuple[str, ...] = ()
    hours: Hours = ALWAYS


@dataclass(frozen=True, slots=True)
class Route:
    """One route with everything that it inherits; times in ms.

    `children` and `parent` are positions in `Rulebook.routes`.
    """

    name: str
    origin: Origin
    match: tuple[Matcher, ...] = ()
    parent: int | None = None
    children: tuple[int, ...] = ()
    go_on: bool = False  # `continue: true`
    owner: str = ""
    notify: tuple[str, ...] = ()
    page: tuple[str, ...] = ()
    page_when: PageWhen = PageWhen()
    group_wait: int = 10 * SECOND
    update_interval: int = 30 * SECOND
    resolve_after: int | None = None  # None: one minute where it pages, at once elsewhere
    remind: int | None = None
    reason: str = ""
    hours: Hours = ALWAYS
    mute: Mute = Mute()
    shifts: tuple[Shift, ...] = ()
    escalate: tuple[EscalationStep, ...] = ()
    longest_hold: int = 5 * MINUTE  # no critical alert is held back for longer, whatever the reason
    # As people see it: `name (file:line): reason`; each member of an incident is given it
    described: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "described", described(self.name, self.origin, "", self.reason))

    @property
    def paging(self) -> frozenset[str]:
        """The destinations that the route itself pages, at whatever hour; those of its steps come later."""
        return frozenset((*self.page, *(name for shift in self.shifts for name in shift.page)))

    @property
    def named(self) -> frozenset[str]:
        """The destinations that the route itself names, at whatever hour."""
        return self.paging.union(self.notify, *(shift.notify for shift in self.shifts))
