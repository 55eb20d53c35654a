"""The questions to a store and the changes of it: rows that were read, and changes that are applied whole or
not at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from gateway.model.agenda import Share, Subject
from gateway.model.topics import MergeConflict, Topics, demand_agreement


class Table(StrEnum):
    """The hashes of a shard. Every row has a version, the token of the commit that wrote it."""

    ALERTS = "alerts"  # alert id -> Alert, its newest episode
    PAST = "past"  # episode id -> Alert, an older episode that an incident still shows
    COPIES = "copies"  # source/fingerprint -> alert id
    INCIDENTS = "incidents"  # incident id -> Incident
    KEYS = "keys"  # join key -> incident ids, newest first
    LEDGERS = "ledgers"  # incident|target -> Ledger
    TOMBSTONES = "tombstones"  # source/fingerprint -> Tombstone, of what was forgotten before its time
    EVENTS = "events"  # event id -> an event of the statistics: `<at> <seq> ` and its line without these
    META = "meta"  # single values: the rules' generation, the fence


class Row(NamedTuple):
    """`version` is empty and `value` too where there is no such row."""

    version: bytes
    value: bytes


ABSENT = Row(b"", b"")


class Cell(NamedTuple):
    """One row's address."""

    table: Table
    field: str


@dataclass(frozen=True, slots=True)
class Query:
    """One look at the store.

    `copies` lead to their alerts, `alerts` are the ids to read where a copy is unknown. `cells` are single
    rows, `keys` are join keys, read together with the incidents that they name. `topics` are asked for one
    source each.
    """

    copies: Sequence[str] = ()
    alerts: Sequence[str] = ()
    cells: Sequence[Cell] = ()
    keys: Sequence[str] = ()
    topics: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """`alerts` is in the order asked, each with the alert id that its copy pointed to (empty: no such copy).

    `standing` has, by topic, one alert that is its source, with its id and row; a topic without a source is
    left out. `ahead` is how far what people call the time is ahead of `now`, in ms: 0 unless a clock was
    stepped.
    """

    now: int
    alerts: Sequence[tuple[str, Row]] = ()
    rows: Mapping[Cell, Row] = field(default_factory=dict)
    standing: Mapping[str, tuple[str, Row]] = field(default_factory=dict)
    ahead: int = 0

    @property
    def wall(self) -> int:
        """The time of people: silences, calendars and times that were sent are compared with this."""
        return self.now + self.ahead


class Claim(NamedTuple):
    """A subject of the agenda, leased to us until the lease ends. `due` is when it was to be looked at."""

    subject: Subject
    token: str
    due: int
    crashes: int = 0  # how often in a row work on it has failed in this process
    refused_before: bool = False  # its place has refused what came before, too fast, and named no time
    share: Share = Share.OTHERS


class Claimed(NamedTuple):
    """`next_due` is when to come again, None when nothing is on the agenda; `ahead` as in `Result`."""

    now: int
    next_due: int | None
    claims: tuple[Claim, ...]
    ahead: int = 0


class Release(NamedTuple):
    """The end of a lease: the subject is looked at again at `again` (ms), or (None) taken off the agenda."""

    claim: Claim
    again: int | None
    hold: bool = False  # the lease is only checked, not given back


class LogEntry(NamedTuple):
    """One line of the timeline: verdicts, notifications, actions. `subject` is an incident id or an alert id."""

    subject: str
    what: str
    detail: Mapping[str, str | int]


class QuarantineEntry(NamedTuple):
    """One entry for the quarantine; entries with the same `id` are counted, and the first is kept."""

    id: str
    value: bytes


@dataclass(slots=True)
class Changes:
    """Applied whole or not at all: only if each row in `expect` still has that version (empty: is still
    absent) and the leases that are given back are still ours. `agenda` moves subjects earlier, never later;
    `priority` 0 is the most urgent. With a `generation`, only if the store names no newer rules than those.
    """

    expect: dict[Cell, bytes] = field(default_factory=dict)
    put: dict[Cell, bytes] = field(default_factory=dict)
    # Alerts that are expected unchanged, whose sources spoke again: the two places of that time in the row
    renew: dict[str, tuple[int, int]] = field(default_factory=dict)
    drop: list[Cell] = field(default_factory=list)
    count: dict[str, int] = field(default_factory=dict)
    agenda: dict[Subject, tuple[int, int]] = field(default_factory=dict)  # subject -> (at, priority)
    shares: dict[Subject, Share] = field(default_factory=dict)  # of the agenda, what is none of the others
    releases: list[Release] = field(default_factory=list)
    log: list[LogEntry] = field(default_factory=list)
    keep: list[QuarantineEntry] = field(default_factory=list)
    events: dict[str, bytes] = field(default_factory=dict)  # of the statistics, by id: the first write counts
    forget: list[str] = field(default_factory=list)  # entries of the quarantine
    unschedule: list[Subject] = field(default_factory=list)  # off the agenda, but for those that are leased
    topics: Topics = field(default_factory=Topics)
    fence: str = ""  # the shard's fence that this writer holds
    generation: int | None = None  # of the rules that the decision rests on
    grows: bool = False  # it makes history grow: refused first when the store is full

    @property
    def wakes(self) -> bool:
        """Whether anything may be on the agenda by these changes: a source that comes to a topic, or
        leaves it, puts the topic's subscribers there.
        """
        return bool(self.agenda or self.topics.add or self.topics.remove)

    def increment(self, name: str, by: int = 1) -> None:
        if by:
            self.count[name] = self.count.get(name, 0) + by

    def merge(self, other: Changes) -> None:
        """Take the other's changes in, so that both are committed together or not at all.

        Raises `MergeConflict` where the two contradict each other, and has changed nothing then: they expect
        other versions of one row, write other values to it, one of them drops what the other writes, or they
        hold two different fences.
        """
        self._demand_no_conflict(other)
        self.topics.merge(other.topics)
        self.expect |= other.expect
        self.put |= other.put
        self.renew |= other.renew
        self.drop += other.drop
        for name, by in other.count.items():
            self.increment(name, by)
        for subject, (at, priority) in other.agenda.items():
            self.schedule(subject, at, priority)
        self.shares |= other.shares
        self.releases += other.releases
        self.log += other.log
        self.keep += other.keep
        self.events = other.events | self.events
        self.forget += other.forget
        self.unschedule += other.unschedule
        self.fence = self.fence or other.fence
        if self.generation is None or (other.generation is not None and other.generation < self.generation):
            self.generation = other.generation
        self.grows = self.grows or other.grows

    def _demand_no_conflict(self, other: Changes) -> None:
        demand_agreement("expect", self.expect, other.expect)
        demand_agreement("put", self.put, other.put)
        demand_agreement("renew", self.renew, other.renew)
        contradicted = (self.put.keys() & set(other.drop)) | (other.put.keys() & set(self.drop))
        if contradicted:
            raise MergeConflict(f"put and drop contradict each other at {min(contradicted)}")
        if self.fence and other.fence and self.fence != other.fence:
            raise MergeConflict(f"two different fences: {self.fence} and {other.fence}")

    def schedule(self, subject: Subject, at: int, priority: int = 5, share: Share = Share.OTHERS) -> None:
        if share is not Share.OTHERS:
            self.shares[subject] = share
        held = self.agenda.get(subject)
        if held is None or (at, priority) < held:
            self.agenda[subject] = (at, priority)


class CommitOutcome(StrEnum):
    """The outcome of a commit."""

    DONE = "done"
    LOST = "lost"  # somebody changed what was read, or has newer rules: gather and decide again
    FENCED = "fenced"  # another replica has fenced the shard for a moment
    EXPIRED = "expired"  # the lease is gone: whoever has it now decides


class Committed(NamedTuple):
    outcome: CommitOutcome
    now: int
    version: bytes = b""  # of every row that was written
    ahead: int = 0  # of people's time, as in `Result`
    lost: tuple[Cell, ...] = ()  # the rows that somebody has changed since they were read
