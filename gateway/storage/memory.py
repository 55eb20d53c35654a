"""State in memory, for tests and simulations: the answers of `redis.py`, over a clock that is given.

Both stores pass the same contract tests.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from itertools import islice

from gateway.model.agenda import AgendaLook, Subject
from gateway.model.audit_trail import LoggedEntry, Stretch
from gateway.model.cells import RULES
from gateway.model.changes import (
    ABSENT,
    Cell,
    Changes,
    Claimed,
    CommitOutcome,
    Committed,
    LogEntry,
    QuarantineEntry,
    Query,
    Result,
    Row,
    Table,
)
from gateway.model.durations import MINUTE
from gateway.model.lanes import ClosedLane, LaneRule, Pace, load_closed_lane
from gateway.model.retention import LOG_LENGTH
from gateway.model.rule_generation import load_rule_generation
from gateway.model.time_places import with_time
from gateway.storage.caller_clock import Asked, CallerClock, StoreTime
from gateway.storage.memory_agenda import Agenda
from gateway.storage.memory_clock import Reading, StoreClock, row_of
from gateway.storage.memory_quarantine import Quarantine
from gateway.storage.memory_topics import TopicBook

AWAKE = 1  # the urgency of a subscriber that is woken
AGAIN_MS = 100  # until a caller that is in doubt about the time comes again


class MemoryStore:
    """State of one shard in dictionaries; lost with the process.

    `clock` gives the time in ms. Where there is a `caller`, its clocks are compared with that, as in a real
    server; without one the time may run as fast as a simulation wants.
    """

    def __init__(self, clock: Callable[[], int], caller: CallerClock | None = None) -> None:
        self._clock = clock
        self.caller = caller
        self._latest = 0
        self.lost_races: Counter[str] = Counter()
        self._commits = 0
        self.rows: dict[Table, dict[str, Row]] = {table: {} for table in Table}
        self._time = StoreClock(count=self._add)
        self._agenda = Agenda()
        self._fence: tuple[str, int] = ("", 0)
        self.counted: dict[str, int] = {}
        self.log: deque[tuple[int, LogEntry]] = deque(maxlen=LOG_LENGTH)
        self._logged = 0  # entries ever
        self._quarantine = Quarantine(self._add)
        self._topics = TopicBook()

    async def now(self) -> int:
        return self._read().time.now

    def about_now(self) -> int:
        return self._clock() if self.caller is None else self.caller.about_now()

    def _read(self) -> Reading:
        store_time = self._clock()
        if self.caller is not None:
            return self._time.read(store_time, self.caller.ask())
        # A clock that is set back must not make a lease or a wait last longer.
        self._latest = max(self._latest, store_time)
        return self._time.read(self._latest, Asked("simulated", self._latest, 0, 0, 0, 0))

    def _heard(self, reading: Reading, *, claimed: bool = False) -> StoreTime:
        """Return the time of an answer; its caller remembers it."""
        if self.caller is not None:
            self.caller.hear(reading.asked, reading.time, claimed=claimed)
        return reading.time

    async def gather(self, ask: Query) -> Result:
        alerts = []
        for copy, alert_id in zip(ask.copies, ask.alerts, strict=True):
            pointer = self.rows[Table.COPIES].get(copy, ABSENT).value.decode()
            alerts.append((pointer, self.rows[Table.ALERTS].get(pointer or alert_id, ABSENT)))
        rows = {cell: self._row(cell) for cell in ask.cells}
        for key in ask.keys:
            named = rows[Cell(Table.KEYS, key)] = self._row(Cell(Table.KEYS, key))
            for incident in named.value.decode().split():
                cell = Cell(Table.INCIDENTS, incident)
                rows[cell] = self._row(cell)
        standing = {
            topic: (alert, self.rows[Table.ALERTS].get(alert, ABSENT))
            for topic in ask.topics
            if (alert := self._topics.first(topic))  # somebody stands there
        }
        time = self._heard(self._read())
        return Result(time.now, alerts, rows, standing, time.ahead)

    def _row(self, cell: Cell) -> Row:
        if cell.table is Table.META and cell.field in self._time.texts:
            return row_of(self._time.texts[cell.field])
        return self.rows[cell.table].get(cell.field, ABSENT)

    async def commit(self, changes: Changes) -> Committed:
        reading = self._read()
        committed = self._apply(changes, reading)
        return committed._replace(ahead=self._heard(reading).ahead)

    def _apply(self, changes: Changes, reading: Reading) -> Committed:
        now = reading.time.now
        lost = [cell for cell, version in changes.expect.items() if self._row(cell).version != version]
        if lost:
            return Committed(CommitOutcome.LOST, now, lost=tuple(lost))
        if any(self._topics.first(topic) != alert for topic, alert in changes.topics.seen.items()):
            return Committed(CommitOutcome.LOST, now)
        newest = load_rule_generation(self._row(RULES).value).generation
        if changes.generation is not None and newest > changes.generation:
            return Committed(CommitOutcome.LOST, now)
        holder, ends = self._fence
        if holder and holder != changes.fence and ends > now:
            return Committed(CommitOutcome.FENCED, now)
        if not all(self._agenda.holds(release.claim) for release in changes.releases):
            return Committed(CommitOutcome.EXPIRED, now)
        alerts = self.rows[Table.ALERTS]
        renewed = {
            Cell(Table.ALERTS, alert): with_time(alerts[alert].value, places, now)
            for alert, places in changes.renew.items()
        }
        if None in renewed.values():
            # No time stands at the places, so the row is another one than the writer knows.
            return Committed(CommitOutcome.LOST, now)
        rows = changes.put | {cell: value for cell, value in renewed.items() if value is not None}
        self._time.keep(reading)
        self._write(changes, rows, reading.time.wall)
        woken = self._topics.apply(changes.topics)
        for release in changes.releases:
            self._agenda.release(release)
        self._agenda.schedule(changes.agenda, changes.shares)
        self._agenda.schedule(dict.fromkeys(woken, (now, AWAKE)))
        self._agenda.unschedule(changes.unschedule)
        self.log.extend((reading.time.wall, entry) for entry in changes.log)
        self._logged += len(changes.log)
        self._quarantine.keep(changes.keep, now)
        self._quarantine.forget(changes.forget)
        return Committed(CommitOutcome.DONE, now, self._commits.to_bytes(8, "big"))

    def _write(self, changes: Changes, rows: Mapping[Cell, bytes], wall: int) -> None:
        self._commits += 1
        version = self._commits.to_bytes(8, "big")
        for cell, value in rows.items():
            self.rows[cell.table][cell.field] = Row(version, value)
        for cell in changes.drop:
            self.rows[cell.table].pop(cell.field, None)
        for name, by in changes.count.items():
            self._add(name, by)
        events = self.rows[Table.EVENTS]
        for name, value in changes.events.items():
            if name not in events:
                self._add("statistics_events", 1)
                events[name] = Row(version, f"{wall} {self.counted['statistics_events']} ".encode() + value)

    def _add(self, counter: str, by: int) -> None:
        self.counted[counter] = self.counted.get(counter, 0) + by

    async def claim(self, limit: int, lease: int, lanes: LaneRule) -> Claimed:
        reading = self._read()
        leases_nothing = self._time.vote(reading)
        time = self._heard(reading, claimed=True)
        if leases_nothing:
            return Claimed(time.now, time.now + AGAIN_MS, (), time.ahead)
        return self._agenda.claim(limit, lease, lanes, time.now)._replace(ahead=time.ahead)

    @property
    def agenda_at(self) -> dict[Subject, int]:
        """The time at which each subject is due, in ms."""
        return self._agenda.times

    async def close_lane(self, lane: str, pace: Pace, until: int | None) -> int:
        time, cell = self._read().time, Cell(Table.META, f"closed:{lane}")
        now = time.now
        named = self._agenda.paces.refused(lane, pace, now) if until is None else until
        before = load_closed_lane(self._row(cell).value)
        closed = ClosedLane(now, named)
        if before is not None and before.until + MINUTE >= now:
            # Closings with less than a minute between them are one outage: the time to the fallback runs on.
            closed = ClosedLane(before.since, max(before.until, named))
        self._write(Changes(), {cell: closed.dump()}, time.wall)
        self._agenda.paces.close(lane, pace, closed.until, named=until is not None)
        return closed.until

    async def note_taken(self, lane: str, pace: Pace) -> None:
        self._agenda.paces.taken(lane, pace, self._read().time.now)

    async def fence(self, holder: str, length: int) -> bool:
        now = self._read().time.now
        if self._fence[0] not in ("", holder) and self._fence[1] > now:
            return False
        self._fence = (holder, now + length) if length else ("", 0)
        return True

    async def counters(self) -> dict[str, int]:
        return dict(self.counted)

    async def size(self, table: Table) -> int:
        return len(self.rows[table])

    async def page(
        self, table: Table, cursor: int, count: int, named: str = "*"
    ) -> tuple[int, dict[str, Row]]:
        fields = sorted(self.rows[table])[cursor : cursor + count]
        ends = cursor + count >= len(self.rows[table])
        wanted = {name: self.rows[table][name] for name in fields if fnmatchcase(name, named)}
        return (0 if ends else cursor + count), wanted

    async def timeline(self, subject: str | None, limit: int, since: int = 0) -> list[tuple[int, LogEntry]]:
        lines = [(at, entry) for at, entry in reversed(self.log) if at >= since]
        return [(at, entry) for at, entry in lines if subject in (None, entry.subject)][:limit]

    async def log_after(self, position: str, limit: int) -> Stretch:
        first = self._logged - len(self.log) + 1
        known = int(position or 0)
        numbered = ((number, *line) for number, line in enumerate(self.log, first) if number > known)
        found = [LoggedEntry(f"{number:020}", at, entry) for number, at, entry in islice(numbered, limit)]
        return Stretch(tuple(found), first, self._logged)

    async def quarantine(self, limit: int) -> list[tuple[QuarantineEntry, int, int]]:
        return self._quarantine.newest(limit)

    async def agenda(self) -> AgendaLook:
        return self._agenda.look(self._read().time.now)

    async def expiring(self, after: int, limit: int) -> list[tuple[Subject, int]]:
        return self._agenda.expiring(after)[:limit]

    async def sample(self, table: Table, count: int) -> list[Row]:
        rows = list(self.rows[table].values())
        return random.sample(rows, min(count, len(rows)))

    async def cut_log(self, length: int) -> None:
        while len(self.log) > length:
            self.log.popleft()
