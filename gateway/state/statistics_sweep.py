"""Forget the events of the statistics that compacted days stand for, or that are too old, and the oldest
of too many.

The settings in force stay, and so does since when a service is known.
Days that are old enough to be compacted are put on the agenda.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import msgspec
import structlog

from gateway.decisions.statistics.due_days import compacts, days_kept, next_day
from gateway.errors import StateUnavailable
from gateway.model.agenda import EXPIRY_PRIORITY, Subject
from gateway.model.cells import STATISTICS_DAYS, statistics_day_cell
from gateway.model.changes import Cell, Changes, Query, Result, Table
from gateway.model.durations import DAY, HOUR, MINUTE, SECOND
from gateway.model.instants import instant
from gateway.model.statistics.events import SERVICE_SEEN
from gateway.model.statistics.kept_days import KeptDays, dump_kept, load_kept
from gateway.ports import State
from gateway.state.commit import commit
from gateway.state.paging import pages
from gateway.state.shards import Shards
from gateway.state.sorting import in_order
from gateway.state.statistics import MAX_EVENTS, RULES_EVENT, event_time
from gateway.state.transact import transact
from gateway.telemetry.own_work import OWN_WORK

log = structlog.get_logger("gateway.statistics")

SWEEPS_A_LIFE = 20  # an event outlives its time by a twentieth of it at most
SHORTEST_MS, LONGEST_MS = 15 * SECOND, 6 * HOUR  # between two sweeps
FIRST_MS = 10 * MINUTE
COUNTED_EVERY_MS = MINUTE  # that takes the store no time
DROPPED_AT_ONCE = 500
MAX_SERVICES = 20_000  # pairs of a service and an alert name, in each shard


class EventSweep:
    """`keep` is for how long events are kept (ms)."""

    def __init__(self, shards: Shards, keep: int) -> None:
        self._shards = shards
        self._keep = keep

    async def run(self) -> None:
        every = min(LONGEST_MS, max(SHORTEST_MS, self._keep // SWEEPS_A_LIFE))
        left = min(every, FIRST_MS)  # who restarts it each day has it swept all the same
        while True:
            pause = min(left, COUNTED_EVERY_MS)
            await asyncio.sleep(pause / 1000)
            left -= pause
            try:
                if left <= 0 or await self._is_overfull():
                    left = every
                    await self.sweep()
            except StateUnavailable as error:
                with OWN_WORK.failed("statistics_sweep"):
                    log.debug("statistics_sweep_delayed", error=str(error))

    async def _is_overfull(self) -> bool:
        """Return whether a shard has more events than are kept: a storm that is kept quiet writes one for each alert."""
        sizes = [await state.size(Table.EVENTS) for state in self._shards.states]
        return max(sizes) > MAX_EVENTS + MAX_SERVICES

    async def sweep(self) -> int:
        """Forget what is to be forgotten. Return how many events went. Raises `StateUnavailable`."""
        gathered = await self._shards.home.gather(Query())
        kept = await self._forget_days(gathered.wall)
        shards = [_Events(state, *await _read_ages(state)) for state in self._shards.states]
        crowded = any(len(events.ages) > MAX_EVENTS for events in shards)
        first = min((at for events in shards if (at := events.first) is not None), default=None)
        due = next_day(kept.end, first, gathered.wall, self._keep, crowded=crowded)
        if due is not None:
            agenda = {Subject.compact(_date(due)): (gathered.now, EXPIRY_PRIORITY)}
            await commit(self._shards.home, Changes(agenda=agenda))
        oldest = (kept.end or 0) if compacts(self._keep) else gathered.wall - self._keep
        gone = 0
        for events in shards:
            # A day that can be compacted makes room by itself.
            too_many = events.ages[: max(0, len(events.ages) - MAX_EVENTS)] if due is None else []
            if too_many and too_many[-1].at >= oldest:
                await self._change_days(_losing(too_many[-1].at + 1))
            gone += await events.drop(oldest, len(too_many))
        if gone:
            log.info("statistics_events_forgotten", events=gone)
        return gone

    async def _forget_days(self, wall: int) -> KeptDays:
        """Drop the compacted days that are too old."""
        horizon = wall - days_kept(self._keep)

        def without_oldest(known: KeptDays) -> KeptDays:
            if known.begin is None or known.end is None or known.begin + DAY > horizon:
                return known
            begin = min(known.end, horizon // DAY * DAY)
            return msgspec.structs.replace(known.losing("expired", begin), begin=begin)

        return await self._change_days(without_oldest)

    async def _change_days(self, change: Callable[[KeptDays], KeptDays]) -> KeptDays:
        """Change what is known of the compacted days, and drop those that are not among them any more."""
        home = self._shards.home

        def decide(gathered: Result) -> tuple[Changes | None, KeptDays]:
            row = gathered.rows[STATISTICS_DAYS]
            known = load_kept(row.value)
            changed = change(known)
            if changed == known:
                return None, known
            dropped = range(known.begin, changed.begin, DAY) if known.begin and changed.begin else ()
            return Changes(
                expect={STATISTICS_DAYS: row.version},
                put={STATISTICS_DAYS: dump_kept(changed)},
                drop=[statistics_day_cell(begin) for begin in dropped],
            ), changed

        read = partial(home.gather, Query(cells=(STATISTICS_DAYS,)))
        return (await transact(home, "statistics_days", read, decide)).answer


def _losing(until: int) -> Callable[[KeptDays], KeptDays]:
    return lambda known: known.losing("over_cap", until)


def _date(begin: int) -> str:
    return instant(begin).date().isoformat()


class _Age(NamedTuple):
    at: int
    name: str


class _Events(NamedTuple):
    """The events of a shard, the oldest first: those that have their time, and when services were seen."""

    state: State
    ages: list[_Age]
    services: list[_Age]

    @property
    def first(self) -> int | None:
        """When the first event of a day came, None where there is none: settings in force have none."""
        return next((age.at for age in self.ages if not age.name.startswith(RULES_EVENT)), None)

    async def drop(self, oldest: int, too_many: int) -> int:
        """Drop what is older than `oldest` (ms), at least so many, and return how many went."""
        going = [age.name for place, age in enumerate(self.ages) if age.at < oldest or place < too_many]
        # They are written when they change alone: the newest of these is in force at the time of what stays.
        in_force = next((name for name in reversed(going) if name.startswith(RULES_EVENT)), None)
        # A label that has another value each time would fill the store: what was seen last goes.
        names = [*(age.name for age in self.services[MAX_SERVICES:]), *going]
        names = [name for name in names if name != in_force]
        for start in range(0, len(names), DROPPED_AT_ONCE):
            drop = [Cell(Table.EVENTS, name) for name in names[start : start + DROPPED_AT_ONCE]]
            await commit(self.state, Changes(drop=drop))
        return len(names)


async def _read_ages(state: State) -> tuple[list[_Age], list[_Age]]:
    found: set[_Age] = set()
    async for rows in pages(state, Table.EVENTS):
        found |= {_Age(event_time(row.value), name) for name, row in rows.items()}
    events: list[_Age] = []
    services: list[_Age] = []
    for age in await in_order(found, lambda age: age):
        (services if age.name.startswith(SERVICE_SEEN) else events).append(age)
    return events, services
