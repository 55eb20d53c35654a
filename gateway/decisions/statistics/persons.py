"""Persons: whom calls reached, by whose clock, on whose shift, and over whose budget."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC

from gateway.decisions.statistics.spans import Span, joined
from gateway.model.statistics.events import OnCall, PersonCalled
from gateway.model.statistics.facts import CallFact, PairFact, Person, Shift
from gateway.model.statistics.settings import PrecisionSettings
from gateway.model.statistics.zones import local, zone_named

NIGHT_BEGINS, NIGHT_ENDS = 22, 7  # o'clock
SATURDAY = 5
PRIMARY = 1  # the level of an escalation policy that is called first

Called = Mapping[str, Mapping[str, PersonCalled]]


def called_of(events: Iterable[PersonCalled]) -> Called:
    """Return what is known of each pair, by call and person; that somebody was notified is worth more."""
    found: dict[str, dict[str, PersonCalled]] = defaultdict(dict)
    for event in events:
        known = found[event.call].get(event.person)
        if known is None or (event.basis == "notified" and known.basis == "assigned"):
            found[event.call][event.person] = event
    return found


def shifts_of(events: Iterable[OnCall], since: int, until: int) -> dict[Person, tuple[Shift, ...]]:
    """Return each person's shifts between the two times. Shifts that overlap count once."""
    spans: dict[str, list[Span]] = defaultdict(list)
    for event in events:
        begin, end = max(event.from_, since), min(event.until, until)
        if event.level == PRIMARY and begin < end:
            spans[event.person].append(Span(begin, end))
    return {person: tuple(Shift(*span) for span in joined(listed)) for person, listed in spans.items()}


def pairs_of(
    calls: Iterable[CallFact],
    called: Called,
    shifts: Mapping[Person, Sequence[Shift]],
    settings: PrecisionSettings,
) -> tuple[PairFact, ...]:
    """Return the pairs of the calls, which come in their order."""
    pairs = []
    recent: dict[str, deque[int]] = defaultdict(deque)
    for call in calls:
        for person, event in sorted(called.get(call.id, {}).items()):
            there = local(call.at, zone_named(event.zone) or UTC)
            times = recent[person]
            times.append(call.at)
            while times[0] <= call.at - settings.budget_per:
                times.popleft()
            pairs.append(
                PairFact(
                    at=call.at,
                    dims=call.dims,
                    person=person,
                    hour=there.hour,
                    night=there.hour >= NIGHT_BEGINS or there.hour < NIGHT_ENDS,
                    weekend=there.weekday() >= SATURDAY,
                    notified=event.basis == "notified",
                    on_shift=_is_on_shift(shifts.get(person, ()), call.at),
                    over_budget=len(times) > settings.budget_pages,
                )
            )
    return tuple(pairs)


def _is_on_shift(shifts: Sequence[Shift], at: int) -> bool:
    index = bisect_right(shifts, at, key=lambda shift: shift.from_) - 1
    return index >= 0 and at < shifts[index].until
