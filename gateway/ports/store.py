"""The protocols of a store: what the path of an alert, people and upkeep ask of one shard."""

from __future__ import annotations

from collections import Counter
from typing import Protocol

from gateway.model.agenda import AgendaLook, Subject
from gateway.model.audit_trail import Stretch
from gateway.model.changes import (
    Changes,
    Claimed,
    Committed,
    LogEntry,
    QuarantineEntry,
    Query,
    Result,
    Row,
    Table,
)
from gateway.model.lanes import LaneRule, Pace


class Store(Protocol):
    """One shard's state. Every method raises `StateUnavailable` when the store cannot answer in time.

    `now` in every answer is the store's own time in ms; it never goes back. `lost_races` counts, by the name
    of the transaction or the kind of the subject, how often this process had to decide again because another
    writer was quicker.
    """

    lost_races: Counter[str]

    def about_now(self) -> int:
        """Return about what `now` is (ms), by the last answer alone; 0 before the first one."""
        ...

    async def gather(self, ask: Query) -> Result: ...

    async def commit(self, changes: Changes) -> Committed: ...

    async def claim(self, limit: int, lease: int, lanes: LaneRule) -> Claimed:
        """Lease up to `limit` due subjects for `lease` ms, the most urgent first, then the oldest."""
        ...

    async def close_lane(self, lane: str, pace: Pace, until: int | None) -> int:
        """No subject of this lane is claimed before `until` (a vendor's Retry-After), and none that shares
        its pace. Return until when that is.

        A vendor that names no time (None) is left alone for a second, and for twice as long each time in a
        row that it refuses again, up to 3 seconds, and after about a minute up to half a minute; a critical
        alert asks after 3 seconds at most. For a minute after that the pace is a tenth slower.
        """
        ...

    async def note_taken(self, lane: str, pace: Pace) -> None:
        """The lane's vendor has taken a delivery: what it refuses next is the first one in a row, and the
        pace has left what was not sent while the lane was closed.
        """
        ...

    async def fence(self, holder: str, length: int) -> bool:
        """Take the shard's fence for `length` ms (0 gives it back): every commit of others is refused
        meanwhile.
        """
        ...

    async def now(self) -> int: ...


class Archive(Protocol):
    """The questions of the API, the metrics and people, which are never asked on the path of an alert."""

    async def counters(self) -> dict[str, int]: ...

    async def size(self, table: Table) -> int: ...

    async def page(
        self, table: Table, cursor: int, count: int, named: str = "*"
    ) -> tuple[int, dict[str, Row]]:
        """Some rows and the cursor of the next page, 0 after the last; a row may come twice.

        `named` is a pattern of the fields that are wanted, in which `*` stands for any text.
        """
        ...

    async def timeline(self, subject: str | None, limit: int, since: int = 0) -> list[tuple[int, LogEntry]]:
        """Newest first, with the time of each; nothing of interest was written before `since` (ms)."""
        ...

    async def quarantine(self, limit: int) -> list[tuple[QuarantineEntry, int, int]]:
        """Newest first: what was kept, when it was last seen, how often."""
        ...

    async def agenda(self) -> AgendaLook: ...


class Log(Protocol):
    """The shard's log as it was written, for the audit trail."""

    async def log_after(self, position: str, limit: int) -> Stretch:
        """The oldest entries behind a position (empty: from the start)."""
        ...


class Room(Protocol):
    """The questions to a shard that make room in it."""

    async def expiring(self, after: int, limit: int) -> list[tuple[Subject, int]]:
        """Return what waits to be forgotten from `after` on (ms), with the time of each: the oldest first."""
        ...

    async def sample(self, table: Table, count: int) -> list[Row]:
        """Some rows, each as likely as any other."""
        ...

    async def cut_log(self, length: int) -> None:
        """Forget the oldest entries of the log, so that about `length` are left."""
        ...


class State(Store, Archive, Log, Room, Protocol):
    """Everything a store can do: Store, Archive, Log and Room."""
