"""Load: whom pages called and when, by each person's own clock, and how often while on call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from msgspec import structs

from gateway.decisions.statistics.spans import Span
from gateway.model.statistics.facts import PairFact, Person, Shift, Unnamed
from gateway.model.statistics.rows import Because, BudgetSeconds, Load, PersonsShown, Why
from gateway.model.statistics.settings import PrecisionSettings

TWELVE_HOURS = 43_200  # seconds
ENOUGH_PERSONS = 4

_OF_CALLS = ("night", "weekend", "by_hour", "over_budget", "basis")
_OF_SHIFTS = ("on_call_seconds", "calls_per_12h")


class RowLoad(NamedTuple):
    """A row's load before it is known who may see it, and how many persons its two sums are of."""

    load: Load
    called: int
    on_call: int


def load_of(
    pairs: Sequence[PairFact],
    shifts: Mapping[Person, Sequence[Shift]],
    span: Span,
    settings: PrecisionSettings,
    *,
    expired: bool,
) -> RowLoad:
    """Return the load of a row. `expired`: who was called is no longer known for all of it."""
    on_call = {person: sum(span.overlap(*shift) for shift in listed) for person, listed in shifts.items()}
    seconds = sum(on_call.values()) / 1000
    by_hour = [0] * 24
    for pair in pairs:
        by_hour[pair.hour] += 1
    notified = all(pair.notified for pair in pairs)
    because: Because = {"over_budget": "expired"} if expired else {}
    if not seconds:
        because |= dict.fromkeys(_OF_SHIFTS, "no_shifts")
    if not pairs:
        because["basis"] = "no_pages"
    load = Load(
        night=sum(pair.night for pair in pairs),
        weekend=sum(pair.weekend for pair in pairs),
        by_hour=tuple(by_hour),
        on_call_seconds=seconds or None,
        calls_per_12h=sum(pair.on_shift for pair in pairs) / seconds * TWELVE_HOURS if seconds else None,
        over_budget=None if expired else sum(bool(pair.over_budget) for pair in pairs),
        budget=budget_of(settings),
        basis=("notified" if notified else "assigned") if pairs else None,
        because=because,
    )
    called = persons_of(pair.person for pair in pairs)
    return RowLoad(load, called, persons_of(person for person, time in on_call.items() if time))


def persons_of(persons: Iterable[Person]) -> int:
    """Return how many persons these are at least: those of days whose names are gone may be the same ones."""
    named: set[str] = set()
    unnamed: dict[int, set[int]] = {}
    for person in persons:
        if isinstance(person, Unnamed):
            unnamed.setdefault(person.day, set()).add(person.number)
        else:
            named.add(person)
    return max(len(named), *(len(numbers) for numbers in unnamed.values()), 0)


def budget_of(settings: PrecisionSettings) -> BudgetSeconds:
    return BudgetSeconds(settings.budget_pages, settings.budget_per / 1000)


def nothing_shown(settings: PrecisionSettings, persons: PersonsShown, why: Why) -> Load:
    because: Because = dict.fromkeys((*_OF_CALLS, *_OF_SHIFTS), why)
    return Load(budget=budget_of(settings), persons=persons, because=because)


def protected(rows: Sequence[RowLoad], total: RowLoad) -> tuple[list[Load], Load]:
    """Return the rows' loads and the total's with sums of fewer than four persons left out.

    Where exactly one row is hidden, what is left of the total would show it, so the
    next smallest is hidden too.
    """
    calls = _hidden([row.called for row in rows])
    # Where the calls are hidden the shifts are too, so such a row already keeps another one from being shown.
    shifts = _hidden([row.on_call for row in rows], calls)
    found = [
        _without(row.load, calls=index in calls, shifts=index in shifts) for index, row in enumerate(rows)
    ]
    few_called, few_on_call = total.called < ENOUGH_PERSONS, total.on_call < ENOUGH_PERSONS
    return found, _without(total.load, calls=few_called, shifts=few_on_call)


def _hidden(sizes: Sequence[int], hidden_before: Iterable[int] = ()) -> set[int]:
    hidden = {index for index, size in enumerate(sizes) if size < ENOUGH_PERSONS}.union(hidden_before)
    if len(hidden) == 1 and len(sizes) > 1:
        hidden.add(min((size, index) for index, size in enumerate(sizes) if index not in hidden)[1])
    return hidden


def _without(load: Load, *, calls: bool, shifts: bool) -> Load:
    hidden = [*(_OF_CALLS if calls else ()), *(_OF_SHIFTS if calls or shifts else ())]
    if not hidden:
        return load
    because: Because = {**load.because, **dict.fromkeys(hidden, "under_four")}
    return structs.replace(load, **dict.fromkeys(hidden), because=because)
