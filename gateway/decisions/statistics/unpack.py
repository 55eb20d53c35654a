"""Read compacted days back into the facts that they were made from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import TypeVar, cast

from gateway.model.statistics.compacted import CompactedDay, PackedLabels
from gateway.model.statistics.events import CallKind, EndKind, Trust, Worth, page_id
from gateway.model.statistics.facts import (
    CallFact,
    Facts,
    IncidentFact,
    InForce,
    LabelSummary,
    PageFact,
    PairFact,
    Person,
    Seen,
    Shift,
    SpellFact,
    Unnamed,
)

T = TypeVar("T")


def unpack(days: Sequence[CompactedDay], as_of: int) -> Facts:
    """Return the facts of the days up to an instant, in their order."""
    ordered = [day for day in sorted(days, key=lambda day: day.begin) if day.begin <= as_of]

    def all_of(read: Callable[[CompactedDay], Iterable[T]]) -> tuple[T, ...]:
        return tuple(chain.from_iterable(read(day) for day in ordered))

    return Facts(
        pages=tuple(page for page in all_of(_pages) if page.at <= as_of),
        calls=tuple(call for call in all_of(_calls) if call.at <= as_of),
        pairs=tuple(pair for pair in all_of(_pairs) if pair.at <= as_of),
        spells=tuple(spell for spell in all_of(_spells) if spell.from_ <= as_of),
        incidents=dict(all_of(_incidents)),
        shifts=_shifts(ordered, as_of),
        seen=tuple(
            Seen(seen.service, seen.alertname, seen.at)
            for day in ordered
            for seen in day.seen
            if seen.at <= as_of
        ),
        persons_known=any(day.persons_since is not None and day.persons_since <= as_of for day in ordered),
    )


def _incidents(day: CompactedDay) -> Iterable[tuple[str, IncidentFact]]:
    columns = day.incidents
    for name, started_at, how, until, acknowledged_at in zip(
        columns.id, columns.started_at, columns.how, columns.until, columns.acknowledged_at, strict=True
    ):
        ended = None if until is None else day.begin + until
        taken = None if acknowledged_at is None else day.begin + acknowledged_at
        yield name, IncidentFact(day.begin + started_at, cast("EndKind", how), ended, taken)


def _pages(day: CompactedDay) -> Iterable[PageFact]:
    summaries = [_summary(day, packed) for packed in day.summaries]
    columns = day.pages
    for at, incident, target, life, dims, entity, draw, own, labels in zip(
        columns.at, columns.incident, columns.target, columns.life, columns.dims, columns.entity,
        columns.draw, columns.own, columns.labels, strict=True,
    ):  # fmt: skip
        name, place = day.incidents.id[incident], day.texts[target]
        yield PageFact(
            id=page_id(name, place, life),
            at=day.begin + at,
            incident=name,
            target=place,
            life=life,
            dims=day.dims[dims],
            entity=day.entities[entity],
            draw=draw,
            own=own,
            labels=summaries[labels],
        )


def _summary(day: CompactedDay, packed: PackedLabels) -> LabelSummary:
    in_force = None
    if packed.value is not None:
        reason = None if packed.reason is None else day.texts[packed.reason]
        in_force = InForce(cast("Worth", packed.value), cast("Trust", packed.trust), reason)
    return LabelSummary(
        in_force,
        cast("Worth | None", packed.person),
        cast("Trust | None", packed.implied_class),
        cast("Worth | None", packed.implied),
        *(bool(packed.flags & bit) for bit in (1, 2, 4, 8)),
    )


def _calls(day: CompactedDay) -> Iterable[CallFact]:
    columns = day.calls
    for at, dims, kind, flags in zip(columns.at, columns.dims, columns.kind, columns.flags, strict=True):
        yield CallFact(
            id="",
            at=day.begin + at,
            dims=day.dims[dims],
            kind=cast("CallKind", day.texts[kind]),
            own=bool(flags & 1),
            duplicate=bool(flags & 2),
            confirmed=bool(flags & 4),
        )


def _pairs(day: CompactedDay) -> Iterable[PairFact]:
    columns = day.pairs
    for at, dims, person, hour, flags in zip(
        columns.at, columns.dims, columns.person, columns.hour, columns.flags, strict=True
    ):
        yield PairFact(
            day.begin + at,
            day.dims[dims],
            Unnamed(day.begin, person),
            hour,
            *(bool(flags & bit) for bit in (1, 2, 4, 8)),
        )


def _spells(day: CompactedDay) -> Iterable[SpellFact]:
    columns = day.spells
    for number, (begin, dims, entity, reason, would_tell_at, flags) in enumerate(
        zip(
            columns.from_, columns.dims, columns.entity, columns.reason, columns.would_tell_at, columns.flags,
            strict=True,
        )
    ):  # fmt: skip
        yield SpellFact(
            # Only its order among the spells of one instant matters, and these are all of one day.
            id=f"{day.begin}.{number:09}",
            from_=day.begin + begin,
            dims=day.dims[dims],
            entity=day.entities[entity],
            reason=day.texts[reason],
            exempt=bool(flags & 1),
            would_tell_at=None if would_tell_at is None else day.begin + would_tell_at,
            said=bool(flags & 2),
        )


def _shifts(days: Iterable[CompactedDay], as_of: int) -> dict[Person, tuple[Shift, ...]]:
    found: dict[Person, tuple[Shift, ...]] = {}
    for day in days:
        for person, begin, until in zip(day.shifts.person, day.shifts.from_, day.shifts.until, strict=True):
            if day.begin + begin < as_of:
                shift = Shift(day.begin + begin, min(as_of, day.begin + until))
                name = Unnamed(day.begin, person)
                found[name] = (*found.get(name, ()), shift)
    return found
