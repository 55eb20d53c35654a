"""Tombstones: what is left for a day of an alert that was forgotten before its time,
one for each of its copies.
"""

from __future__ import annotations

import msgspec

from gateway.model.alert import Alert, Copy
from gateway.model.cells import TOMBSTONES_UNTIL
from gateway.model.changes import Cell, Changes, Table
from gateway.model.durations import DAY
from gateway.model.records import FORMAT, body_of

KEPT_MS = DAY


class Tombstone(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The last occurrence of a copy that ended: its start and its end, and when it was forgotten, in ms.

    `assumed`: no start was ever sent.
    """

    starts_at: int
    ends_at: int
    forgotten_at: int
    assumed: bool = False

    @property
    def copy(self) -> Copy:
        return Copy(False, self.starts_at, self.ends_at, assumed=self.assumed, keyed=True)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Tombstone).decode


def tombstone_cell(copy: str) -> Cell:
    return Cell(Table.TOMBSTONES, copy)


def load_tombstone(raw: bytes) -> Tombstone:
    return _decode(body_of(raw))


def bury(changes: Changes, alert: Alert, now: int) -> None:
    """Leave a tombstone for each copy of an alert that is forgotten, so that a late copy of it is known."""
    for name, copy in alert.copies.items():
        # An end that nobody has said was when the alert ended, as far as anybody knows.
        ends_at = copy.ends_at or alert.ended_at or alert.last_seen
        stone = Tombstone(copy.starts_at, ends_at, now, copy.assumed)
        changes.put[tombstone_cell(name)] = FORMAT + _encode(stone)
    # Readers look for tombstones only until then, so that they cost nothing where nothing was forgotten.
    changes.put[TOMBSTONES_UNTIL] = str(now + KEPT_MS).encode()
