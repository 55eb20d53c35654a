"""Remember what was turned away, for `/health`, doctor, the API and the own alert `GatewayTurnedAway`.

Requests only add to counts in this process. Every few seconds these are written into one row of the store, so
that each replica shows what another one turned away, also after a restart, and so that a flood of requests
costs the store nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import NamedTuple

import structlog

from gateway.decisions.accounting.turned_away import Noted, merged, reports, truncated_entries
from gateway.errors import StateUnavailable
from gateway.model.cells import TRUNCATED, TURNED_AWAY
from gateway.model.changes import Changes, Query
from gateway.model.severity import Severity
from gateway.model.truncated_groups import TruncatedGroup, load_truncated
from gateway.model.turned_away import (
    Sender,
    TurnedAway,
    TurnedAwayList,
    TurnedAwayReason,
    dump_turned_away,
    load_turned_away,
)
from gateway.ports import Report
from gateway.state.looking import look_again_and_again
from gateway.state.shards import Shards
from gateway.state.transact import transact

log = structlog.get_logger("gateway.turned_away")

LOOK_SECONDS = 5.0
Count = Callable[[str, str, int], None]


class _Read(NamedTuple):
    """The row as it is in the store."""

    version: bytes
    entries: tuple[TurnedAway, ...]
    now: int


class TurnedAwayBook:
    """A book of what was turned away lately, here and at the other replicas.

    `report` takes own alerts, `count` the source, the reason and how many, `cut_short` the groups that
    Alertmanager cuts short. `entries` are those that stand, with these groups.
    """

    def __init__(
        self, shards: Shards, report: Report, count: Count, cut_short: Callable[[Iterable[str]], None]
    ) -> None:
        self._shards = shards
        self._home = shards.home
        self._report = report
        self._count = count
        self._cut_short = cut_short
        self._noted: dict[tuple[str, TurnedAwayReason], Noted] = {}
        self._wake = asyncio.Event()
        self.entries: tuple[TurnedAway, ...] = ()

    def note(
        self,
        source: str,
        reason: TurnedAwayReason,
        sender: Sender,
        error: str,
        times: int = 1,
        severity: Severity = Severity.CRITICAL,
    ) -> None:
        """Note that something was turned away. `source` is empty where no token was shown."""
        self._count(source, reason.value, times)
        if reason is TurnedAwayReason.TRUNCATED:
            return  # the store has the groups that are cut short, for as long as they are
        key = (source, reason)
        if key not in self._noted:
            self._noted[key] = Noted(source, reason)
        self._noted[key].add(sender, times, severity, error)
        if all((entry.source, entry.reason) != key for entry in self.entries):
            self._wake.set()  # people hear at once of what is new

    async def run(self) -> None:
        """Look again and again until cancelled. A store that is away is waited for."""

        def away(error: StateUnavailable) -> None:
            log.debug("turned_away_unwritten", error=str(error))

        await look_again_and_again(self.look, self._wake, LOOK_SECONDS, away)

    async def look(self) -> None:
        """Write down what was noted here, and report what stands. Raises `StateUnavailable`."""
        noted, self._noted = self._noted, {}
        try:
            self.entries = (*await self._write(noted), *await self._truncated())
        except StateUnavailable:
            self._take_back(noted)
            raise
        for found in reports(self.entries):
            self._report("GatewayTurnedAway", found.labels, found.details)

    async def _write(self, noted: dict[tuple[str, TurnedAwayReason], Noted]) -> tuple[TurnedAway, ...]:
        async def read() -> _Read:
            gathered = await self._home.gather(Query(cells=(TURNED_AWAY,)))
            row = gathered.rows[TURNED_AWAY]
            entries = load_turned_away(row.value).entries
            return _Read(row.version, entries, gathered.now)

        def decide(row: _Read) -> tuple[Changes | None, tuple[TurnedAway, ...]]:
            entries = merged(row.entries, noted.values(), row.now)
            if entries == row.entries:
                return None, entries
            put = {TURNED_AWAY: dump_turned_away(TurnedAwayList(entries))}
            return Changes(expect={TURNED_AWAY: row.version}, put=put), entries

        return (await transact(self._home, "turned_away", read, decide)).answer

    async def _truncated(self) -> list[TurnedAway]:
        """Return an entry for each source whose Alertmanager leaves alerts out now."""
        groups: list[tuple[str, TruncatedGroup]] = []
        for state in self._shards.states:
            gathered = await state.gather(Query(cells=(TRUNCATED,)))
            record = load_truncated(gathered.rows[TRUNCATED].value)
            groups += record.standing(gathered.now).items()
        self._cut_short(name for name, _ in groups)
        return truncated_entries(groups)

    def _take_back(self, noted: dict[tuple[str, TurnedAwayReason], Noted]) -> None:
        """Keep what could not be written down for the next time."""
        for key, news in noted.items():
            later = self._noted.get(key)
            if later is not None:
                news.join(later)
            self._noted[key] = news
