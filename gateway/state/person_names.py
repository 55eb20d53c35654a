"""Keep the names of those whose pseudonyms the statistics have, and forget them where somebody says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

import structlog

from gateway.errors import StateUnavailable
from gateway.model.cells import STATISTICS_NAMES
from gateway.model.changes import Changes, LogEntry, Query, Result
from gateway.model.statistics.person_names import (
    MOST_NAMES,
    PersonName,
    dump_names,
    forgotten,
    load_names,
    with_heard,
)
from gateway.model.statistics.settings import PersonsMode
from gateway.ports import State
from gateway.state.commit import commit
from gateway.state.persons import Persons
from gateway.state.transact import transact
from gateway.telemetry.own_work import OWN_WORK

log = structlog.get_logger("gateway.statistics")

KEEP_SECONDS = 60.0


class PersonNames:
    """`mode` returns who may see what of persons by the rules in force; names are kept for `all` alone.

    `keep` is for how long a name stays after the person was last heard of (ms).
    """

    def __init__(self, home: State, persons: Persons, mode: Callable[[], PersonsMode], keep: int) -> None:
        self._home = home
        self._persons = persons
        self._mode = mode
        self._keep = keep
        self._heard: dict[str, str] = {}

    @property
    def shown(self) -> bool:
        return self._mode() == "all"

    def heard(self, name: str, pseudonym: str) -> None:
        """Remember whom this pseudonym stands for, until it is written down."""
        if self.shown and len(self._heard) < MOST_NAMES:
            self._heard.setdefault(pseudonym, name)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(KEEP_SECONDS)
            try:
                await self.write()
            except StateUnavailable as error:
                with OWN_WORK.failed("person_names"):
                    log.debug("statistics_names_delayed", error=str(error))

    async def write(self) -> None:
        """Write down who was heard of, and drop what is too old or may not be shown. Raises
        `StateUnavailable`.
        """
        heard, self._heard = self._heard, {}

        def change(known: Mapping[str, PersonName], wall: int) -> dict[str, PersonName]:
            return with_heard(known, heard, wall, self._keep, shown=self.shown)

        await self._change(change)

    async def read(self, by: str) -> dict[str, str]:
        """Return the names by pseudonym; that somebody looked is written into the audit trail.

        Raises `StateUnavailable`.
        """
        await self.write()
        gathered = await self._home.gather(Query(cells=(STATISTICS_NAMES,)))
        await commit(self._home, Changes(log=[LogEntry("", "person_names_shown", {"by": by})]))
        known = load_names(gathered.rows[STATISTICS_NAMES].value)
        return {person: found.name for person, found in known.items() if found.name}

    async def forget(self, name: str, by: str) -> str:
        """Empty every name of the person who has this one, and return the pseudonym, which stays in the
        events.

        Raises `StateUnavailable`.
        """
        person, hashes = await self._persons.hashes_of(name)
        for known in hashes:
            self._heard.pop(known, None)
        said = LogEntry("", "person_forgotten", {"by": by, "person": person})
        await self._change(lambda known, wall: forgotten(known, person, hashes, wall), said)
        return person

    async def _change(
        self,
        change: Callable[[Mapping[str, PersonName], int], dict[str, PersonName]],
        *said: LogEntry,
    ) -> None:
        def decide(gathered: Result) -> tuple[Changes | None, None]:
            row = gathered.rows[STATISTICS_NAMES]
            known = load_names(row.value)
            after = change(known, gathered.wall)
            if after == known and not said:
                return None, None
            changes = Changes(
                expect={STATISTICS_NAMES: row.version}, put={STATISTICS_NAMES: dump_names(after)}
            )
            changes.log += said
            return changes, None

        read = partial(self._home.gather, Query(cells=(STATISTICS_NAMES,)))
        await transact(self._home, "statistics_names", read, decide)
