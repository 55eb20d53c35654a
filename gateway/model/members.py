"""The members of an incident, packed as the store has them until somebody looks at one.

A webhook that brings an alert into an incident of hundreds counts its members and adds one more. To
unpack all of them for that, and to pack them again, took most of its time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

import msgspec


class Member(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One episode of one alert in an incident."""

    alert: str
    episode: int
    joined_at: int

    @property
    def episode_id(self) -> str:
        return f"{self.alert}.{self.episode}"


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[Member, ...]).decode


class Members(Sequence[Member]):
    """Members in the order in which they joined. `packed` is their array in msgpack."""

    __slots__ = ("_count", "_unpacked", "packed")

    def __init__(self, packed: bytes) -> None:
        self.packed = packed
        self._count = _count_of(packed)
        self._unpacked: tuple[Member, ...] | None = None

    @classmethod
    def of(cls, members: Iterable[Member]) -> Members:
        """Return the members packed, where they are not yet."""
        return members if isinstance(members, Members) else cls(_encode(tuple(members)))

    def joined_by(self, others: Sequence[Member]) -> Members:
        """Return these members and the others behind them; none of these is unpacked for that."""
        head = _head_of(self._count + len(others))
        return Members(b"".join((head, self._body, *map(_encode, others))))

    @property
    def _body(self) -> memoryview:
        return memoryview(self.packed)[len(_head_of(self._count)) :]

    def _all(self) -> tuple[Member, ...]:
        if self._unpacked is None:
            self._unpacked = _decode(self.packed)
        return self._unpacked

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Member]:
        return iter(self._all())

    @overload
    def __getitem__(self, at: int) -> Member: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[Member, ...]: ...
    def __getitem__(self, at: int | slice) -> Member | tuple[Member, ...]:
        return self._all()[at]

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Members):
            return self.packed == other.packed
        return self._all() == other if isinstance(other, tuple) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.packed)

    def __repr__(self) -> str:
        return repr(self._all())


def packed_members(value: object) -> msgspec.Raw:
    """Return the members as they are written in a record."""
    if isinstance(value, Members):
        return msgspec.Raw(value.packed)
    raise NotImplementedError(f"no record holds a {type(value).__name__}")


# The head of an array says how many values follow, in the shortest of three forms:
# https://github.com/msgpack/msgpack/blob/master/spec.md#array-format-family
_SHORT, _SHORT_AT_MOST = 0x90, 15
_LONG, _LONG_AT_MOST = b"\xdc", 0xFFFF
_LONGEST = b"\xdd"


def _head_of(count: int) -> bytes:
    if count <= _SHORT_AT_MOST:
        return bytes([_SHORT | count])
    if count <= _LONG_AT_MOST:
        return _LONG + count.to_bytes(2, "big")
    return _LONGEST + count.to_bytes(4, "big")


def _count_of(packed: bytes) -> int:
    head = packed[:1]
    if head == _LONG:
        return int.from_bytes(packed[1:3], "big")
    if head == _LONGEST:
        return int.from_bytes(packed[1:5], "big")
    return packed[0] & _SHORT_AT_MOST
