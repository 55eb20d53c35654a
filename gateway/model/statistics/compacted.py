"""A compacted day: what is kept of it after its events, in columns.

Texts stand once in a table, and columns hold their places in it. Everything that a figure needs is here, but
for who was called.
"""

from __future__ import annotations

import zlib

import msgspec

from gateway.model.statistics.events import EndKind, RulesChanged, ServiceSeen
from gateway.model.statistics.facts import Dimensions, Entity

FORMAT = b"\x01"


class IncidentColumns(msgspec.Struct, frozen=True, array_like=True):
    """The incidents with a page in the day. Times are ms after the day's begin, None for no such time."""

    id: tuple[str, ...] = ()
    started_at: tuple[int, ...] = ()
    how: tuple[EndKind | str, ...] = ()
    until: tuple[int | None, ...] = ()
    acknowledged_at: tuple[int | None, ...] = ()


class PageColumns(msgspec.Struct, frozen=True, array_like=True):
    """Pages in the order of (at, id). `labels` is a place in the day's table of summaries."""

    at: tuple[int, ...] = ()
    incident: tuple[int, ...] = ()
    target: tuple[int, ...] = ()
    life: tuple[int, ...] = ()
    dims: tuple[int, ...] = ()
    entity: tuple[int, ...] = ()
    draw: tuple[float, ...] = ()
    own: tuple[bool, ...] = ()
    labels: tuple[int, ...] = ()


class CallColumns(msgspec.Struct, frozen=True, array_like=True):
    """Calls in the order of (at, id). `kind` is a place in the day's table of texts; flags are bits."""

    at: tuple[int, ...] = ()
    dims: tuple[int, ...] = ()
    kind: tuple[int, ...] = ()
    flags: tuple[int, ...] = ()


class PairColumns(msgspec.Struct, frozen=True, array_like=True):
    """Pairs of a call and a person. `person` is a number that means something in this day alone."""

    at: tuple[int, ...] = ()
    dims: tuple[int, ...] = ()
    person: tuple[int, ...] = ()
    hour: tuple[int, ...] = ()
    flags: tuple[int, ...] = ()


class SpellColumns(msgspec.Struct, frozen=True, array_like=True):
    """Spells that began in the day, in the order of (from, id)."""

    from_: tuple[int, ...] = ()
    dims: tuple[int, ...] = ()
    entity: tuple[int, ...] = ()
    reason: tuple[int, ...] = ()
    would_tell_at: tuple[int | None, ...] = ()
    flags: tuple[int, ...] = ()


class ShiftColumns(msgspec.Struct, frozen=True, array_like=True):
    person: tuple[int, ...] = ()
    from_: tuple[int, ...] = ()
    until: tuple[int, ...] = ()


class PackedLabels(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A summary of labels; the reason is a place in the day's table of texts."""

    value: str | None
    trust: str | None
    reason: int | None
    person: str | None
    implied_class: str | None
    implied: str | None
    flags: int


class CompactedDay(msgspec.Struct, frozen=True, array_like=True):
    """A day in UTC, from `begin` up to `end`, compacted by the events up to `compacted_at` (ms).

    Its labels are those up to `cutoff`, its misses those within `miss_within` (ms). `spent` are the words and
    acknowledgements that made misses of its spells. `persons_since` is when an event first said whom a call
    reached, or who had to be (ms), None where none had by the end of the day.
    """

    begin: int
    end: int
    compacted_at: int
    cutoff: int
    miss_within: int
    persons_since: int | None
    texts: tuple[str, ...]
    dims: tuple[Dimensions, ...]
    entities: tuple[Entity, ...]
    summaries: tuple[PackedLabels, ...]
    incidents: IncidentColumns
    pages: PageColumns
    calls: CallColumns
    pairs: PairColumns
    spells: SpellColumns
    shifts: ShiftColumns
    seen: tuple[ServiceSeen, ...]
    rules: tuple[RulesChanged, ...]
    spent: tuple[str, ...]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(CompactedDay).decode


def dump_day(day: CompactedDay) -> bytes:
    return FORMAT + zlib.compress(_encode(day))


def load_day(raw: bytes) -> CompactedDay:
    if raw[:1] != FORMAT:
        raise ValueError(f"a day of format {raw[:1].hex()} was compacted by a newer gateway")
    return _decode(zlib.decompress(memoryview(raw)[1:]))
