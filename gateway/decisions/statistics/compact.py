"""Compact a day: from its events to columns, by the same facts that reports are made from."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from gateway.decisions.statistics.gather import EventsByKind, gather, settings_in_force
from gateway.decisions.statistics.incidents import is_over, states_of
from gateway.model.durations import DAY
from gateway.model.statistics.compacted import (
    CallColumns,
    CompactedDay,
    IncidentColumns,
    PackedLabels,
    PageColumns,
    PairColumns,
    ShiftColumns,
    SpellColumns,
)
from gateway.model.statistics.events import OnCall, Page, PersonCalled, RulesChanged, ServiceSeen
from gateway.model.statistics.facts import (
    CallFact,
    Dimensions,
    Entity,
    Facts,
    IncidentFact,
    LabelSummary,
    PageFact,
    PairFact,
    Person,
    Shift,
    SpellFact,
)
from gateway.model.statistics.history import History
from gateway.model.statistics.incident_state import IncidentState

YOUNGEST = 61 * DAY

H = TypeVar("H", bound=Hashable)


class Compaction(NamedTuple):
    """A compacted day, and all incidents that are followed from now on."""

    day: CompactedDay
    followed: Mapping[str, IncidentState]


def compact(history: History, begin: int, now: int) -> Compaction:
    """Compact the day (UTC) that begins then, which is the first of the events. All events have to be there.

    The events of the day, `at` in it, are no longer needed afterwards; those of later days are.
    """
    end = begin + DAY
    events = EventsByKind(history.events, now)
    settings = settings_in_force(events, history, now).settings
    gathered = gather(history, events, now, settings.cutoff, settings)
    facts = _of_day(gathered.facts, begin, end)
    names = list(dict.fromkeys(page.incident for page in facts.pages))
    spells = {spell.id for spell in facts.spells}
    tables = _Tables()
    columns = _Columns(begin, tables)
    day = CompactedDay(
        begin=begin,
        end=end,
        compacted_at=now,
        cutoff=settings.cutoff,
        miss_within=settings.miss_within,
        persons_since=_persons_since(events, end),
        incidents=columns.incidents([(name, facts.incidents[name]) for name in names]),
        pages=columns.pages(facts.pages, {name: number for number, name in enumerate(names)}),
        calls=columns.calls(facts.calls),
        pairs=columns.pairs(facts.pairs),
        spells=columns.spells(facts.spells),
        shifts=columns.shifts(facts.shifts),
        seen=tuple(event for event in events.of(ServiceSeen) if begin <= event.at < end),
        rules=tuple(event for event in events.of(RulesChanged) if begin <= event.at < end),
        spent=tuple(sorted(event for event, spell in gathered.said.items() if spell in spells)),
        # What stands last is read last: the tables are full only now.
        texts=tables.texts.values(),
        dims=tables.dims.values(),
        entities=tables.entities.values(),
        summaries=tables.summaries.values(),
    )
    return Compaction(day, _followed(history, events, names, end))


def _persons_since(events: EventsByKind, end: int) -> int | None:
    """Return when the first of the events before `end` said who was called, or had to be."""
    known = (*events.of(PersonCalled), *events.of(OnCall))
    return min((event.at for event in known if event.at < end), default=None)


def _followed(
    history: History, events: EventsByKind, names: Iterable[str], end: int
) -> dict[str, IncidentState]:
    """Return what is known of each incident whose events still matter when those of the day are gone."""
    states = states_of(events.all, history.followed)
    final = {name for day in history.days for name in day.incidents.id} - history.followed.keys()
    # People may have acted on it in this day, long before it pages.
    paged_later = {page.incident for page in events.of(Page) if page.at >= end}
    touched = {
        name for name in states_of(event for event in events.all if event.at < end) if name in paged_later
    }
    still_open = {name for name in names if not is_over(states[name])}
    return {name: states[name] for name in sorted((history.followed.keys() | touched | still_open) - final)}


def _of_day(facts: Facts, begin: int, end: int) -> Facts:
    return Facts(
        pages=tuple(page for page in facts.pages if begin <= page.at < end),
        calls=tuple(call for call in facts.calls if begin <= call.at < end),
        pairs=tuple(pair for pair in facts.pairs if begin <= pair.at < end),
        spells=tuple(spell for spell in facts.spells if begin <= spell.from_ < end),
        incidents=facts.incidents,
        shifts={
            person: cut
            for person, shifts in facts.shifts.items()
            if (
                cut := tuple(
                    Shift(max(begin, shift.from_), min(end, shift.until))
                    for shift in shifts
                    if shift.from_ < end and shift.until > begin
                )
            )
        },
        seen=(),
        persons_known=facts.persons_known,
    )


class _Table(Generic[H]):
    """Values by their places."""

    def __init__(self) -> None:
        self._places: dict[H, int] = {}

    def place(self, value: H) -> int:
        return self._places.setdefault(value, len(self._places))

    def values(self) -> tuple[H, ...]:
        return tuple(self._places)


class _Tables:
    def __init__(self) -> None:
        self.texts: _Table[str] = _Table()
        self.dims: _Table[Dimensions] = _Table()
        self.entities: _Table[Entity] = _Table()
        self.summaries: _Table[PackedLabels] = _Table()

    def summary(self, labels: LabelSummary) -> int:
        in_force = labels.in_force
        reason = None if in_force is None or in_force.reason is None else self.texts.place(in_force.reason)
        packed = PackedLabels(
            value=None if in_force is None else in_force.value,
            trust=None if in_force is None else in_force.trust,
            reason=reason,
            person=labels.person,
            implied_class=labels.implied_class,
            implied=labels.implied,
            flags=_bits(labels.conflict, labels.conflict_persons, labels.withdrawn, labels.late),
        )
        return self.summaries.place(packed)


class _Columns:
    def __init__(self, begin: int, tables: _Tables) -> None:
        self._begin = begin
        self._tables = tables
        self._persons: _Table[Person] = _Table()

    def incidents(self, incidents: Sequence[tuple[str, IncidentFact]]) -> IncidentColumns:
        facts = [fact for _, fact in incidents]
        return IncidentColumns(
            id=tuple(name for name, _ in incidents),
            started_at=tuple(fact.started_at - self._begin for fact in facts),
            how=tuple(fact.how for fact in facts),
            until=tuple(self._after(fact.until) for fact in facts),
            acknowledged_at=tuple(self._after(fact.acknowledged_at) for fact in facts),
        )

    def pages(self, pages: Sequence[PageFact], incidents: Mapping[str, int]) -> PageColumns:
        tables = self._tables
        return PageColumns(
            at=tuple(page.at - self._begin for page in pages),
            incident=tuple(incidents[page.incident] for page in pages),
            target=tuple(tables.texts.place(page.target) for page in pages),
            life=tuple(page.life for page in pages),
            dims=tuple(tables.dims.place(page.dims) for page in pages),
            entity=tuple(tables.entities.place(page.entity) for page in pages),
            draw=tuple(page.draw for page in pages),
            own=tuple(page.own for page in pages),
            labels=tuple(tables.summary(page.labels) for page in pages),
        )

    def calls(self, calls: Sequence[CallFact]) -> CallColumns:
        return CallColumns(
            at=tuple(call.at - self._begin for call in calls),
            dims=tuple(self._tables.dims.place(call.dims) for call in calls),
            kind=tuple(self._tables.texts.place(call.kind) for call in calls),
            flags=tuple(_bits(call.own, call.duplicate, call.confirmed) for call in calls),
        )

    def pairs(self, pairs: Sequence[PairFact]) -> PairColumns:
        return PairColumns(
            at=tuple(pair.at - self._begin for pair in pairs),
            dims=tuple(self._tables.dims.place(pair.dims) for pair in pairs),
            person=tuple(self._persons.place(pair.person) for pair in pairs),
            hour=tuple(pair.hour for pair in pairs),
            flags=tuple(_bits(pair.night, pair.weekend, pair.notified, pair.on_shift) for pair in pairs),
        )

    def spells(self, spells: Sequence[SpellFact]) -> SpellColumns:
        return SpellColumns(
            from_=tuple(spell.from_ - self._begin for spell in spells),
            dims=tuple(self._tables.dims.place(spell.dims) for spell in spells),
            entity=tuple(self._tables.entities.place(spell.entity) for spell in spells),
            reason=tuple(self._tables.texts.place(spell.reason) for spell in spells),
            would_tell_at=tuple(self._after(spell.would_tell_at) for spell in spells),
            flags=tuple(_bits(spell.exempt, spell.said) for spell in spells),
        )

    def shifts(self, shifts: Mapping[Person, Sequence[Shift]]) -> ShiftColumns:
        listed = [(person, shift) for person, of_person in shifts.items() for shift in of_person]
        return ShiftColumns(
            person=tuple(self._persons.place(person) for person, _ in listed),
            from_=tuple(shift.from_ - self._begin for _, shift in listed),
            until=tuple(shift.until - self._begin for _, shift in listed),
        )

    def _after(self, time: int | None) -> int | None:
        return None if time is None else time - self._begin


def _bits(*flags: bool) -> int:
    return sum(flag << place for place, flag in enumerate(flags))
