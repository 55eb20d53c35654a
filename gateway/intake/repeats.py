"""Alerts that are sent again as they were, known by their bytes.

Alertmanager sends all alerts of a group whenever it notifies, and most of them say what they said before,
byte for byte. Such an alert needs to be neither read nor normalised nor compared: what it meant then it means
now, as long as the rules are the same and its row in the store is. What is remembered here is never believed
alone: the commit that counts a repeat expects the row to have the version that is remembered
(`part_writer.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from secrets import token_bytes
from struct import Struct
from sys import getsizeof
from typing import TypeAlias
from weakref import WeakKeyDictionary

import msgspec

from gateway.decisions.intake.normalise import Normaliser
from gateway.model.alert import Observation

KEY_BYTES = 16
WAYS = 40  # entries of a bucket: as many as hardly any bucket has before it is split
FILL = 12  # entries of a bucket at the average, more than which one is split
FIRST_BUCKETS = 16
MAX_BUCKETS = 8_192  # 20 MB

# The key, the alert's id, its row's version, when its source spoke, the two places of that time, the shard
_entry = Struct(">16s16s8sQIIH")
_FULL = WAYS * _entry.size


class Known(msgspec.Struct, frozen=True, gc=False):
    """An alert as it was when it was last sent: its row with this version says all of it.

    `said_at` is when its source spoke last, as the row has it (ms). `places` are the two places in the row
    where that time stands, (0, 0) where it stands there otherwise. `alert` is its id.
    """

    alert: str
    version: bytes
    said_at: int
    places: tuple[int, int]
    shard: int


class Repeat(msgspec.Struct, gc=False):
    """One alert whose bytes are known by their `key`. `observe` reads it where that is needed."""

    source: str
    known: Known
    key: bytes
    raw: msgspec.Raw | bytes
    observe: Callable[[Repeat], Observation]

    @property
    def firing(self) -> bool:
        return True  # what has ended is never known

    def observation(self) -> Observation:
        return self.observe(self)


Sighting: TypeAlias = Observation | Repeat


def without_repeats(sightings: Sequence[Sighting]) -> list[Observation]:
    """Return the observations, with one in the place of each repeat."""
    return [seen.observation() if isinstance(seen, Repeat) else seen for seen in sightings]


class Repeats:
    """The memory of one process: what the alerts were that it has taken, by a key of their bytes.

    The entries are packed into buckets, the youngest first: as objects they would take four times the
    room. A bucket that is full loses its oldest entry. As the entries become more, one bucket after the
    other is split in two (linear hashing, https://en.wikipedia.org/wiki/Linear_hashing), so that no
    alert waits until all entries are moved.
    """

    def __init__(self, max_buckets: int = MAX_BUCKETS) -> None:
        self._max_buckets = max_buckets
        self._whole = min(FIRST_BUCKETS, max_buckets)  # as many buckets as before the first of them was split
        self._buckets = [bytearray() for _ in range(self._whole)]
        self._entries = 0
        self._recalls: WeakKeyDictionary[Normaliser, Recall] = WeakKeyDictionary()

    @property
    def size(self) -> int:
        """How many bytes all entries take."""
        return sum(map(getsizeof, self._buckets))

    def of(self, normaliser: Normaliser) -> Recall:
        """Return the keys of one source under one rule set: other rules know nothing of what these took."""
        recall = self._recalls.get(normaliser)
        if recall is None:
            recall = self._recalls[normaliser] = Recall(self)
        return recall

    def find(self, key: bytes) -> Known | None:
        bucket = self._buckets[self._number(key)]
        at = _place(bucket, key)
        if at < 0:
            return None
        _, alert, version, said_at, first, second, shard = _entry.unpack_from(bucket, at)
        return Known(alert.hex(), version, said_at, (first, second), shard)

    def remember(self, key: bytes, known: Known) -> None:
        alert = bytes.fromhex(known.alert)
        entry = _entry.pack(key, alert, known.version, known.said_at, *known.places, known.shard)
        bucket = self._buckets[self._number(key)]
        at = _place(bucket, key)
        if at >= 0:
            bucket[at : at + _entry.size] = entry
            return
        bucket[:0] = entry
        del bucket[_FULL:]
        self._entries += 1
        if self._entries > FILL * len(self._buckets) and len(self._buckets) < self._max_buckets:
            self._split()

    def _number(self, key: bytes) -> int:
        """Return the bucket of a key: those behind `_whole` have half of what one before them had."""
        number = int.from_bytes(key[:8], "big") % (2 * self._whole)
        return number if number < len(self._buckets) else number - self._whole

    def _split(self) -> None:
        """Divide the first bucket that is whole between itself and a new one."""
        split = len(self._buckets) - self._whole
        before, self._buckets[split] = bytes(self._buckets[split]), bytearray()
        self._buckets.append(bytearray())
        for at in range(0, len(before), _entry.size):
            entry = before[at : at + _entry.size]
            self._buckets[self._number(entry[:KEY_BYTES])] += entry
        if len(self._buckets) == 2 * self._whole:
            self._whole = len(self._buckets)


def _place(bucket: bytearray, key: bytes) -> int:
    """Return where the entry with this key stands in its bucket; -1 where there is none."""
    at = bucket.find(key)
    # Bytes that happen to stand across two entries are none of them.
    return at if at % _entry.size == 0 else -1


class Recall:
    """What one source has sent under one rule set. Its keys are of this process: no sender can guess one."""

    def __init__(self, repeats: Repeats) -> None:
        self._repeats = repeats
        self._hash = blake2b(key=token_bytes(KEY_BYTES), digest_size=KEY_BYTES)

    def key(self, raw: msgspec.Raw) -> bytes:
        found = self._hash.copy()
        found.update(raw)
        return found.digest()

    def known(self, key: bytes) -> Known | None:
        return self._repeats.find(key)
