"""Rows: which facts belong to which key and bucket, and the blocks that are made of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import TypeVar

from gateway.decisions.statistics.buckets import Buckets
from gateway.decisions.statistics.times import Arrival
from gateway.model.statistics.facts import CallFact, Dimensions, Facts, Key, PageFact, PairFact, SpellFact
from gateway.model.statistics.request import By
from gateway.model.statistics.zones import local

Place = tuple[int, Key]  # the number of a bucket, and a key


class Keys:
    """The keys of facts, by what rows are cut by. A page has several where several persons were called."""

    def __init__(self, by: By, zone: tzinfo) -> None:
        self.by = by
        self._zone = zone
        self._read: Callable[[Dimensions], Key] | None = None
        if by in Dimensions._fields:
            position = Dimensions._fields.index(by)
            self._read = lambda dims: dims[position]

    def of_page(self, page: PageFact) -> tuple[Key, ...]:
        return (page.persons or (None,)) if self.by == "person" else self._of(page.dims, page.at)

    def of_call(self, call: CallFact) -> tuple[Key, ...]:
        return (call.persons or (None,)) if self.by == "person" else self._of(call.dims, call.at)

    def of_pair(self, pair: PairFact) -> tuple[Key, ...]:
        if self.by == "person":
            return (pair.person if isinstance(pair.person, str) else None,)
        return self._of(pair.dims, pair.at)

    def of_spell(self, spell: SpellFact) -> tuple[Key, ...]:
        return self._of(spell.dims, spell.from_)

    def _of(self, dims: Dimensions, at: int) -> tuple[Key, ...]:
        if self._read is not None:
            return (self._read(dims),)
        return (f"{local(at, self._zone).hour:02}",) if self.by == "hour" else (None,)


@dataclass(slots=True)
class RowFacts:
    """The facts of a row. `arrivals` are the incidents whose first page with the row's key lies in it."""

    pages: list[PageFact] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    calls: list[CallFact] = field(default_factory=list)
    pairs: list[PairFact] = field(default_factory=list)
    spells: list[SpellFact] = field(default_factory=list)


F = TypeVar("F", PageFact, CallFact, PairFact, SpellFact)
Listed = Callable[[RowFacts], list[F]]
Fold = Callable[[Iterable[Key]], Iterable[Key]]


def same(keys: Iterable[Key]) -> Iterable[Key]:
    return keys


def collect(facts: Facts, buckets: Buckets, keys: Keys, fold: Fold = same) -> dict[Place, RowFacts]:
    """Return the facts of each place. `fold` says under which keys those of a fact count."""
    found: dict[Place, RowFacts] = defaultdict(RowFacts)

    def put(
        items: Iterable[F], at: Callable[[F], int], named: Callable[[F], Iterable[Key]], listed: Listed[F]
    ) -> None:
        for item in items:
            number = buckets.of(at(item))
            for key in fold(named(item)) if number is not None else ():
                listed(found[number or 0, key]).append(item)

    paged = [page for page in facts.pages if not page.own]
    put(paged, lambda page: page.at, keys.of_page, lambda row: row.pages)
    put(facts.calls, lambda call: call.at, keys.of_call, lambda row: row.calls)
    put(facts.pairs, lambda pair: pair.at, keys.of_pair, lambda row: row.pairs)
    put(facts.spells, lambda spell: spell.from_, keys.of_spell, lambda row: row.spells)
    for page, key in _first_pages(paged, keys, fold):
        number = buckets.of(page.at)
        if number is not None:
            found[number, key].arrivals.append(Arrival(page.at, facts.incidents[page.incident]))
    return found


def _first_pages(pages: Iterable[PageFact], keys: Keys, fold: Fold) -> Iterator[tuple[PageFact, Key]]:
    """Yield the first page that an incident has with a key, whenever it came."""
    known: set[tuple[str, Key]] = set()
    for page in pages:
        for key in fold(keys.of_page(page)):
            if (page.incident, key) not in known:
                known.add((page.incident, key))
                yield page, key
