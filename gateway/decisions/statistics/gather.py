"""Bring events together into the facts that figures are made from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from gateway.decisions.statistics.incidents import fact_of, states_of
from gateway.decisions.statistics.labels import LabelBook, is_heard
from gateway.decisions.statistics.persons import called_of, pairs_of, shifts_of
from gateway.decisions.statistics.spells import Said, said_misses
from gateway.decisions.statistics.unpack import unpack
from gateway.model.statistics.events import (
    Acknowledged,
    AnyEvent,
    Call,
    CallConfirmed,
    Label,
    LabelWithdrawn,
    OnCall,
    Page,
    PersonCalled,
    QuietSpell,
    RuleRef,
    RulesChanged,
    ServiceSeen,
)
from gateway.model.statistics.facts import (
    CallFact,
    Dimensions,
    Entity,
    Facts,
    LabelSummary,
    PageFact,
    Seen,
    SpellFact,
)
from gateway.model.statistics.history import History
from gateway.model.statistics.settings import DEFAULT_PRECISION, PrecisionSettings, from_block

T = TypeVar("T", bound=AnyEvent)


class EventsByKind:
    """The events up to an instant, each once, in the order of (at, id)."""

    def __init__(self, events: Iterable[AnyEvent], as_of: int) -> None:
        counted = sorted(
            (event for event in events if event.at <= as_of), key=lambda event: (event.at, event.id)
        )
        self.all: list[AnyEvent] = []
        self._by_kind: dict[type[Any], list[Any]] = defaultdict(list)
        known: set[str] = set()
        for event in counted:
            # A settlement that was tried again wrote the same row: the first one counts.
            if event.id not in known:
                known.add(event.id)
                self.all.append(event)
                self._by_kind[type(event)].append(event)

    def of(self, kind: type[T]) -> list[T]:
        return self._by_kind[kind]


@dataclass(frozen=True, slots=True)
class InForce:
    """The settings of the newest event `rules`, or the defaults where there is none."""

    revision: str | None = None
    settings: PrecisionSettings = DEFAULT_PRECISION


def settings_in_force(events: EventsByKind, history: History, as_of: int) -> InForce:
    listed = [
        *events.of(RulesChanged),
        *(rules for day in history.days for rules in day.rules if rules.at <= as_of),
    ]
    newest = max(listed, key=lambda rules: (rules.at, rules.id), default=None)
    return InForce() if newest is None else InForce(newest.revision, from_block(newest.precision))


@dataclass(frozen=True, slots=True)
class Gathered:
    """The facts, and what people's words were spent on: each event's id with that of its spell."""

    facts: Facts
    said: Mapping[str, str]


def gather(
    history: History, events: EventsByKind, as_of: int, cutoff: int, settings: PrecisionSettings
) -> Gathered:
    """Return the facts of compacted days and of the events after them."""
    compacted = unpack(history.days, as_of)
    since = history.exact_since or 0
    heard = [label for label in events.of(Label) if is_heard(label, settings)]
    labels = LabelBook(heard, events.of(LabelWithdrawn))
    called = called_of(events.of(PersonCalled))
    pages = (*compacted.pages, *_pages(events, since, labels, cutoff, called))
    calls = _calls(events, since, {page.id: page for page in pages}, called)
    shifts = shifts_of(events.of(OnCall), since, as_of)
    pairs = pairs_of(calls, called, shifts, settings)
    spells, said = _spells(history, events, labels, cutoff, settings)
    states = states_of(events.all, history.followed)
    incidents = {name: fact_of(state) for name, state in states.items()} | {
        # What was over when its day was compacted is final; events of it may be gone.
        name: fact
        for name, fact in compacted.incidents.items()
        if name not in history.followed
    }
    seen = (Seen(event.service, event.alertname, event.at) for event in events.of(ServiceSeen))
    facts = Facts(
        pages=pages,
        calls=(*compacted.calls, *calls),
        pairs=(*compacted.pairs, *pairs),
        spells=(*compacted.spells, *spells),
        incidents=incidents,
        shifts={**compacted.shifts, **shifts},
        seen=(*compacted.seen, *seen),
        persons_known=compacted.persons_known or bool(called) or bool(events.of(OnCall)),
    )
    return Gathered(facts, said.by)


def _pages(
    events: EventsByKind, since: int, labels: LabelBook, cutoff: int, called: Mapping[str, Iterable[str]]
) -> list[PageFact]:
    reached: dict[str, set[str]] = defaultdict(set)
    for call in events.of(Call):
        reached[call.page].update(called.get(call.id, ()))
    return [
        _page(event, labels.summary(event.id, event.at, cutoff), reached.get(event.id, ()))
        for event in events.of(Page)
        if event.at >= since
    ]


def _calls(
    events: EventsByKind, since: int, pages: Mapping[str, PageFact], called: Mapping[str, Iterable[str]]
) -> list[CallFact]:
    confirmed = {event.call for event in events.of(CallConfirmed)}
    return [
        _call(
            event,
            pages.get(event.page),
            event.confirmed or event.id in confirmed,
            tuple(sorted(called.get(event.id, ()))),
        )
        for event in events.of(Call)
        if event.at >= since
    ]


def _page(event: Page, labels: LabelSummary, persons: Iterable[str]) -> PageFact:
    dims = Dimensions(
        event.alertname,
        _name(event.correlate_rule),
        event.route,
        event.team,
        event.destination,
        event.service,
        event.severity,
    )
    return PageFact(
        id=event.id,
        at=event.at,
        incident=event.incident,
        target=event.target,
        life=event.life,
        dims=dims,
        entity=Entity(event.partition, event.scope, event.service, event.thing),
        draw=event.draw,
        own=event.own,
        labels=labels,
        persons=tuple(sorted(persons)),
    )


def _call(event: Call, page: PageFact | None, confirmed: bool, persons: tuple[str, ...]) -> CallFact:
    return CallFact(
        id=event.id,
        at=event.at,
        dims=page.dims if page else Dimensions(),
        kind=event.call_kind,
        own=page is not None and page.own,
        duplicate=event.duplicate,
        confirmed=confirmed,
        persons=persons,
    )


def _spells(
    history: History, events: EventsByKind, labels: LabelBook, cutoff: int, settings: PrecisionSettings
) -> tuple[list[SpellFact], Said]:
    since = history.exact_since or 0
    listed = [(event.episode, _spell(event)) for event in events.of(QuietSpell) if event.from_ >= since]
    listed.sort(key=lambda item: (item[1].from_, item[1].id))
    spent = {event for day in history.days for event in day.spent}
    said = said_misses(listed, labels, events.of(Acknowledged), cutoff, settings.miss_within, spent)
    return [spell._replace(said=spell.id in said.spells) for _, spell in listed], said


def _spell(event: QuietSpell) -> SpellFact:
    entity = event.entity
    return SpellFact(
        id=event.id,
        from_=event.from_,
        dims=Dimensions(
            event.alertname,
            _name(event.correlate_rule),
            event.route,
            event.team,
            event.destination,
            entity.service,
            event.severity,
        ),
        entity=Entity(entity.partition, entity.scope, entity.service, entity.thing),
        reason=event.reason,
        exempt=event.exempt is not None,
        would_tell_at=event.would_tell_at,
    )


def _name(rule: RuleRef | None) -> str | None:
    return None if rule is None else rule.name
