"""The audit trail: what of a shard's log a destination has been sent, and what comes next."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from gateway.model.changes import LogEntry

LARGEST_BATCH = 200  # entries


class LoggedEntry(NamedTuple):
    """One entry as it stands in the log; `position` grows, `at` in ms."""

    position: str
    at: int
    entry: LogEntry


class Stretch(NamedTuple):
    """What follows a position. Entries are numbered from 1 as they are written: `first` is the oldest that is left, `last` the
    newest (0: none ever was)."""

    entries: tuple[LoggedEntry, ...]
    first: int
    last: int


class Shipped(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How far a destination is: up to `position`, which was entry `number`. `most` entries go at once; times in ms."""

    position: str = ""
    number: int = 0
    most: int = LARGEST_BATCH
    attempts: int = 0
    failing_since: int = 0


class Batch(NamedTuple):
    """`lost` entries before the first were cut off the log before they could be sent; `id` is the same for the same batch."""

    id: str
    destination: str
    shard: int
    entries: tuple[LoggedEntry, ...]
    lost: int
