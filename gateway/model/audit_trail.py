"""The audit trail: how much of a shard's log a destination has been sent, and the batch that comes next."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from gateway.model.changes import LogEntry

MAX_BATCH_ENTRIES = 200


class LoggedEntry(NamedTuple):
    """One entry of the log. `position` grows from entry to entry, `at` is in ms."""

    position: str
    at: int
    entry: LogEntry


class Stretch(NamedTuple):
    """The entries of the log after a position.

    Entries are numbered from 1 as they are written. `first` is the number of the oldest entry that is left in
    the log, `last` that of the newest (0 for a log that never had one).
    """

    entries: tuple[LoggedEntry, ...]
    first: int
    last: int


class Shipped(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The progress of one destination: it was sent everything up to `position`, which is entry `number`.

    At most `most` entries go into the next batch. `failing_since` is in ms, None while deliveries succeed.
    """

    position: str = ""
    number: int = 0
    most: int = MAX_BATCH_ENTRIES
    attempts: int = 0
    failing_since: int | None = None


class Batch(NamedTuple):
    """The entries that are sent to a destination in one request.

    `lost` entries before the first were trimmed from the log before they could be sent. The same batch always
    has the same `id`, so that a receiver can drop one that comes twice.
    """

    id: str
    destination: str
    shard: int
    entries: tuple[LoggedEntry, ...]
    lost: int
