"""Know who is one person, whatever name that person has where something is done, for the statistics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from gateway.model.cells import STATISTICS_LINKS
from gateway.model.changes import Changes, Query, Result
from gateway.model.people import plain_name
from gateway.model.statistics.person_links import (
    dump_links,
    hashes_of,
    load_links,
    pseudonym_of,
    with_person,
)
from gateway.ports import State
from gateway.state.statistics import person_id_text, person_text
from gateway.state.transact import transact


class NamedPerson(NamedTuple):
    """A person by a name, by the ids that are known of the person at vendors (`Actor.ids`), and by further names."""

    name: str
    ids: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


class Persons:
    """`mark` makes a keyed hash. `heard` is told of each name with the pseudonym that stands for it.

    Every method raises `StateUnavailable`.
    """

    def __init__(self, home: State, mark: Callable[[str], str]) -> None:
        self._home = home
        self._mark = mark
        self.heard: Callable[[str, str], None] = lambda _name, _pseudonym: None

    async def pseudonym(self, name: str, ids: Sequence[str] = ()) -> str:
        """Return what stands for this person, and remember that the name and the ids are this person's."""
        (found,) = await self.pseudonyms([NamedPerson(name, tuple(ids))])
        return found

    async def pseudonyms(self, persons: Sequence[NamedPerson]) -> list[str]:
        """Return what stands for each of these persons, read and remembered all together."""
        hashed = [
            (self._name(person.name), [*map(self._id, person.ids)], [*map(self._name, person.others)])
            for person in persons
        ]

        def decide(gathered: Result) -> tuple[Changes | None, list[str]]:
            row = gathered.rows[STATISTICS_LINKS]
            known = load_links(row.value)
            after = known
            for name, ids, others in hashed:
                after = with_person(after, name, ids, others)
            found = [pseudonym_of(after, name, ids) for name, ids, _ in hashed]
            if after == known:
                return None, found
            put = {STATISTICS_LINKS: dump_links(after)}
            return Changes(expect={STATISTICS_LINKS: row.version}, put=put), found

        found = (await transact(self._home, "statistics_links", self._read, decide)).answer
        for person, pseudonym in zip(persons, found, strict=True):
            self.heard(plain_name(person.name), pseudonym)
        return found

    async def hashes_of(self, name: str) -> tuple[str, frozenset[str]]:
        """Return the pseudonym of the person with this name, and every hash that stands for the person."""
        links = load_links((await self._read()).rows[STATISTICS_LINKS].value)
        mark = self._name(name)
        return pseudonym_of(links, mark, ()), hashes_of(links, mark)

    async def _read(self) -> Result:
        return await self._home.gather(Query(cells=(STATISTICS_LINKS,)))

    def _name(self, name: str) -> str:
        return self._mark(person_text(plain_name(name)))

    def _id(self, known: str) -> str:
        return self._mark(person_id_text(known))
