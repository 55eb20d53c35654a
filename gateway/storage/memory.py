"""State in memory, for tests and simulations: the answers of `redis.py`, over a clock that is given.

Both stores pass the same contract tests.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable
from itertools import islice

from gateway.model.agenda import Subject
from gateway.model.audit_trail import LoggedEntry, Stretch
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
    Topics,
)
from gateway.model.durations import MINUTE
from gateway.model.lanes import ClosedLane, LaneRule, Pace, load_closed_lane
from gateway.storage.memory_agenda import Agenda

LOG_LENGTH = 50_000  # entries
QUARANTINE_LENGTH = 1_000  # entries
AWAKE = 1  # the urgency of a subscriber that is woken


class MemoryStore:
    """State of one shard in dictionaries; lost with the process. `clock` gives the time in ms."""

    def __init__(self, clock: Callable[[], int]) -> None:
        self._clock = clock
        self._last = 0
        self.lost_races: Counter[str] = Counter()
        self._commits = 0
        self.rows: dict[Table, dict[str, Row]] = {table: {} for table in Table}
        self._agenda = Agenda()
        self._fence: tuple[str, int] = ("", 0)
        self.counted: dict[str, int] = {}
        self.log: deque[tuple[int, LogEntry]] = deque(maxlen=LOG_LENGTH)
        self._logged = 0  # entries ever
        self._kept: dict[str, tuple[QuarantineEntry, int, int]] = {}
        self._standing: dict[str, set[str]] = {}
        self._watching: dict[str, set[Subject]] = {}

    async def now(self) -> int:
        return self._now()

    def _now(self) -> int:
        # A clock that is set back must not make a lease or a wait last longer.
        self._last = max(self._last, self._clock())
        return self._last

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
            if (alert := self._first(topic))  # somebody stands there
        }
        return Result(self._now(), alerts, rows, standing)

    def _row(self, cell: Cell) -> Row:
        return self.rows[cell.table].get(cell.field, ABSENT)

    async def commit(self, changes: Changes) -> Committed:
        now = self._now()
        if any(self._row(cell).version != version for cell, version in changes.expect.items()):
            return Committed(CommitOutcome.LOST, now)
        if any(self._first(topic) != alert for topic, alert in changes.topics.seen.items()):
            return Committed(CommitOutcome.LOST, now)
        holder, ends = self._fence
        if holder and holder != changes.fence and ends > now:
            return Committed(CommitOutcome.FENCED, now)
        if not all(self._agenda.holds(release.claim) for release in changes.releases):
            return Committed(CommitOutcome.EXPIRED, now)
        self._write(changes)
        woken = self._move(changes.topics)
        for release in changes.releases:
            self._agenda.release(release)
        self._agenda.schedule(changes.agenda | dict.fromkeys(woken, (now, AWAKE)))
        self.log.extend((now, entry) for entry in changes.log)
        self._logged += len(changes.log)
        self._keep(changes.keep, now)
        for name in changes.forget:
            self._add("quarantine_entries", -(self._kept.pop(name, None) is not None))
        return Committed(CommitOutcome.DONE, now, self._commits.to_bytes(8, "big"))

    def _write(self, changes: Changes) -> None:
        self._commits += 1
        version = self._commits.to_bytes(8, "big")
        for cell, value in changes.put.items():
            self.rows[cell.table][cell.field] = Row(version, value)
        for cell in changes.drop:
            self.rows[cell.table].pop(cell.field, None)
        for name, by in changes.count.items():
            self._add(name, by)

    def _first(self, topic: str) -> str:
        """Return the alert that stands at the topic, empty for none: of several always the same."""
        return min(self._standing.get(topic, ()), default="")

    def _move(self, topics: Topics) -> set[Subject]:
        """Add and remove alerts and subscribers; return the subjects that are woken by it."""
        woken: set[Subject] = set()
        for topic, alert in topics.add:
            if not self._first(topic):
                woken |= self._watching.get(topic, set())
            self._standing.setdefault(topic, set()).add(alert)
        for topic, alert in topics.remove:
            if alert in self._standing.get(topic, ()):
                self._standing[topic].discard(alert)
                if not self._first(topic):
                    woken |= self._watching.get(topic, set())
        for topic, subject in topics.subscribe:
            self._watching.setdefault(topic, set()).add(subject)
        for topic, subject in topics.unsubscribe:
            self._watching.get(topic, set()).discard(subject)
        return woken

    def _keep(self, keep: Iterable[QuarantineEntry], now: int) -> None:
        for entry in keep:
            self._add("quarantine_entries", entry.id not in self._kept)
            first, _, times = self._kept.pop(entry.id, (entry, 0, 0))
            self._kept[entry.id] = (first, now, times + 1)
            if len(self._kept) > QUARANTINE_LENGTH:
                del self._kept[next(iter(self._kept))]
                self._add("quarantine_entries", -1)
                self._add("quarantine_evicted", 1)

    def _add(self, counter: str, by: int) -> None:
        self.counted[counter] = self.counted.get(counter, 0) + by

    async def claim(self, limit: int, lease: int, lanes: LaneRule) -> Claimed:
        return self._agenda.claim(limit, lease, lanes, self._now())

    @property
    def agenda_at(self) -> dict[Subject, int]:
        """The time at which each subject is due, in ms."""
        return self._agenda.times

    async def close_lane(self, lane: str, pace: Pace, until: int) -> None:
        now, cell = self._now(), Cell(Table.META, f"closed:{lane}")
        before = load_closed_lane(self._row(cell).value)
        # Closings with less than a minute between them are one outage: the time to the fallback runs on.
        since = before.since if before is not None and before.until + MINUTE >= now else now
        self._write(Changes(put={cell: ClosedLane(since, until).dump()}))
        self._agenda.close(lane, pace, until)

    async def fence(self, holder: str, length: int) -> bool:
        now = self._now()
        if self._fence[0] not in ("", holder) and self._fence[1] > now:
            return False
        self._fence = (holder, now + length) if length else ("", 0)
        return True

    async def counters(self) -> dict[str, int]:
        return dict(self.counted)

    async def size(self, table: Table) -> int:
        return len(self.rows[table])

    async def page(self, table: Table, cursor: int, count: int) -> tuple[int, dict[str, Row]]:
        fields = sorted(self.rows[table])[cursor : cursor + count]
        ends = cursor + count >= len(self.rows[table])
        return (0 if ends else cursor + count), {name: self.rows[table][name] for name in fields}

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
        return list(reversed(self._kept.values()))[:limit]

    async def agenda(self) -> tuple[int, int]:
        now = self._now()
        oldest = min(self._agenda.times.values(), default=now)
        return len(self._agenda.times), max(0, now - oldest)
