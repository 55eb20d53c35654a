"""The reserve: the room that a full store still has for what must be heard, shared by the sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from gateway.model.records import FORMAT, body_of
from gateway.model.store_memory import MIB

PART_OF_LIMIT = 20  # the reserve is this part of the store's limit, and goes beyond the limit
RESERVE_WITHOUT_LIMIT = 32 * MIB  # where the servers do not say their limit

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(dict[str, int]).decode


@dataclass(slots=True)
class Reserve:
    """How large the reserve is. `limit` is that of the store (bytes), None where nobody knows it."""

    shards: int = 1
    sources: int = 1
    limit: int | None = None

    @property
    def share(self) -> int:
        """Return how many bytes one source may fill in one shard; our own alerts count as a source."""
        size = self.limit // PART_OF_LIMIT if self.limit is not None else RESERVE_WITHOUT_LIMIT
        return size // (self.shards * (self.sources + 1))


def dump_reserve_use(use: Mapping[str, int]) -> bytes:
    """Write down how many bytes of a shard's reserve each source has filled since the
    store was last not full.
    """
    return FORMAT + _encode(use)


def load_reserve_use(raw: bytes) -> dict[str, int]:
    """Read the record; a shard that is not full has none."""
    return _decode(body_of(raw)) if raw else {}
