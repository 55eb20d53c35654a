"""The questions to a store and the changes of it: rows that were read, and changes that are applied whole or
not at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from gateway.model.agenda import Subject


class Table(StrEnum):
    """The hashes of a shard. Every row has a version, the token of the commit that wrote it."""

    ALERTS = "alerts"  # alert id -> Alert, its newest episode
    PAST = "past"  # episode id -> Alert, an older episode that an incident still shows
    COPIES = "copies"  # source/fingerprint -> alert id
    INCIDENTS = "incidents"  # incident id -> Incident
    KEYS = "keys"  # join key -> incident ids, newest first
    LEDGERS = "ledgers"  # incident|target -> Ledger
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
    left out.
    """

    now: int
    alerts: Sequence[tuple[str, Row]] = ()
    rows: Mapping[Cell, Row] = field(default_factory=dict)
    standing: Mapping[str, tuple[str, Row]] = field(default_factory=dict)


class Claim(NamedTuple):
    """A subject of the agenda, leased to us until the lease ends. `due` is when it was to be looked at."""

    subject: Subject
    token: str
    due: int
    crashes: int = 0  # how often in a row work on it has failed in this process


class Claimed(NamedTuple):
    """`next_due` is when to come again, None when nothing is on the agenda."""

    now: int
    next_due: int | None
    claims: tuple[Claim, ...]


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


class MergeConflict(ValueError):
    """Two sets of changes contradict each other, so they cannot be committed as one; the text names what they
    disagree on.
    """


@dataclass(slots=True)
class Topics:
    """The sources that come to topics or leave them, and the subjects of the agenda that subscribe to topics.

    Subscribers are looked at again when the first source comes to a topic, or the last one goes. Pairs are of
    a topic and an alert, or of a topic and a subject. `seen` is the source that the decision found (empty:
    none); where it is another by now, the race is lost.
    """

    add: list[tuple[str, str]] = field(default_factory=list)
    remove: list[tuple[str, str]] = field(default_factory=list)
    subscribe: list[tuple[str, Subject]] = field(default_factory=list)
    unsubscribe: list[tuple[str, Subject]] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)

    def merge(self, other: Topics) -> None:
        """Take the other's changes in.

        Raises `MergeConflict` where both found somebody else at the same topic.
        """
        _demand_agreement("topics.seen", self.seen, other.seen)
        self.add += other.add
        self.remove += other.remove
        self.subscribe += other.subscribe
        self.unsubscribe += other.unsubscribe
        self.seen |= other.seen


@dataclass(slots=True)
class Changes:
    """Applied whole or not at all: only if each row in `expect` still has that version (empty: is still
    absent) and the leases that are given back are still ours. `agenda` moves subjects earlier, never later;
    `priority` 0 is the most urgent.
    """

    expect: dict[Cell, bytes] = field(default_factory=dict)
    put: dict[Cell, bytes] = field(default_factory=dict)
    drop: list[Cell] = field(default_factory=list)
    count: dict[str, int] = field(default_factory=dict)
    agenda: dict[Subject, tuple[int, int]] = field(default_factory=dict)  # subject -> (at, priority)
    releases: list[Release] = field(default_factory=list)
    log: list[LogEntry] = field(default_factory=list)
    keep: list[QuarantineEntry] = field(default_factory=list)
    forget: list[str] = field(default_factory=list)  # entries of the quarantine
    topics: Topics = field(default_factory=Topics)
    fence: str = ""  # the shard's fence that this writer holds
    grows: bool = False  # it makes history grow: refused first when the store is full

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
        self.drop += other.drop
        for name, by in other.count.items():
            self.increment(name, by)
        for subject, (at, priority) in other.agenda.items():
            self.schedule(subject, at, priority)
        self.releases += other.releases
        self.log += other.log
        self.keep += other.keep
        self.forget += other.forget
        self.fence = self.fence or other.fence
        self.grows = self.grows or other.grows

    def _demand_no_conflict(self, other: Changes) -> None:
        _demand_agreement("expect", self.expect, other.expect)
        _demand_agreement("put", self.put, other.put)
        contradicted = (self.put.keys() & set(other.drop)) | (other.put.keys() & set(self.drop))
        if contradicted:
            raise MergeConflict(f"put and drop contradict each other at {min(contradicted)}")
        if self.fence and other.fence and self.fence != other.fence:
            raise MergeConflict(f"two different fences: {self.fence} and {other.fence}")

    def schedule(self, subject: Subject, at: int, priority: int = 5) -> None:
        held = self.agenda.get(subject)
        if held is None or (at, priority) < held:
            self.agenda[subject] = (at, priority)


def _demand_agreement(what: str, ours: Mapping[Any, object], theirs: Mapping[Any, object]) -> None:
    for key, value in theirs.items():
        if ours.get(key, value) != value:
            raise MergeConflict(f"{what} has two values for {key}")


class CommitOutcome(StrEnum):
    """The outcome of a commit."""

    DONE = "done"
    LOST = "lost"  # somebody changed what was read: gather and decide again
    FENCED = "fenced"  # another replica has fenced the shard for a moment
    EXPIRED = "expired"  # the lease is gone: whoever has it now decides


class Committed(NamedTuple):
    outcome: CommitOutcome
    now: int
    version: bytes = b""  # of every row that was written
