"""Facts: what the events say, once labels, acts and ends have been brought together.

Every figure is made from facts. They come from events, or from the columns of a compacted day, and
are the same either way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from gateway.model.statistics.events import CallKind, EndKind, Trust, Worth

Key = str | None


class Dimensions(NamedTuple):
    """What rows are cut by, besides hours and persons."""

    alertname: Key = None
    correlate_rule: Key = None
    route: Key = None
    team: Key = None
    destination: Key = None
    service: Key = None
    severity: Key = None


class Entity(NamedTuple):
    """What an alert is about. Two are the same if all agree; `thing` only where both name one."""

    partition: str = ""
    scope: Key = None
    service: Key = None
    thing: Key = None


class Unnamed(NamedTuple):
    """A person of a compacted day, whose name is gone: a number that means something in that day alone."""

    day: int
    number: int


Person = str | Unnamed


class InForce(NamedTuple):
    value: Worth
    trust: Trust
    reason: str | None


class LabelSummary(NamedTuple):
    """The labels of a page. `person` is the word of people that is in force, `implied` the value of the
    highest implied trust, which is `implied_class`.
    """

    in_force: InForce | None = None
    person: Worth | None = None
    implied_class: Trust | None = None
    implied: Worth | None = None
    conflict: bool = False
    conflict_persons: bool = False
    withdrawn: bool = False
    late: bool = False


NO_LABELS = LabelSummary()


class PageFact(NamedTuple):
    """A page; `persons` are those whom its calls reached, as long as that is known."""

    id: str
    at: int
    incident: str
    target: str
    life: int
    dims: Dimensions
    entity: Entity
    draw: float
    own: bool
    labels: LabelSummary = NO_LABELS
    persons: tuple[str, ...] = ()

    @property
    def is_actionable(self) -> bool:
        return self.labels.in_force is not None and self.labels.in_force.value == "actionable"


class CallFact(NamedTuple):
    id: str
    at: int
    dims: Dimensions
    kind: CallKind
    own: bool
    duplicate: bool
    confirmed: bool
    persons: tuple[str, ...] = ()


class PairFact(NamedTuple):
    """A person whom a call reached. `hour`, `night` and `weekend` are in the person's zone.

    `on_shift`: the call fell into a shift of that person. `over_budget` is None where
    it is not known any more.
    """

    at: int
    dims: Dimensions
    person: Person
    hour: int
    night: bool
    weekend: bool
    notified: bool
    on_shift: bool
    over_budget: bool | None = None


class SpellFact(NamedTuple):
    """`said`: a person's word or acknowledgement makes it a miss."""

    id: str
    from_: int
    dims: Dimensions
    entity: Entity
    reason: str
    exempt: bool
    would_tell_at: int | None
    said: bool = False


class IncidentFact(NamedTuple):
    """An incident that paged. `until` is its end, or when it was last observed; None
    while it is observed still.

    `acknowledged_at` is when a person first acknowledged or closed it.
    """

    started_at: int
    how: EndKind | Literal["open"] = "open"
    until: int | None = None
    acknowledged_at: int | None = None


class Shift(NamedTuple):
    from_: int
    until: int


class Seen(NamedTuple):
    service: str
    alertname: str
    at: int


@dataclass(frozen=True, slots=True)
class Facts:
    """All facts up to an instant. Pages, calls and pairs stand in the order of (at,
    id), spells of (from, id).

    `shifts` are those of level 1, of each person joined where they overlap.
    """

    pages: tuple[PageFact, ...]
    calls: tuple[CallFact, ...]
    pairs: tuple[PairFact, ...]
    spells: tuple[SpellFact, ...]
    incidents: dict[str, IncidentFact]
    shifts: dict[Person, tuple[Shift, ...]]
    seen: tuple[Seen, ...]
    persons_known: bool
