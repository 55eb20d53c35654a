"""The quarantine of the in-memory store: what could not be understood, by source, up to a length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from gateway.model.changes import QuarantineEntry
from gateway.model.quarantined import source_in
from gateway.model.retention import QUARANTINE_LENGTH


class Quarantine:
    """`count` adds to a counter of the store."""

    def __init__(self, count: Callable[[str, int], None]) -> None:
        self._count = count
        self._entries: dict[str, tuple[QuarantineEntry, int, int]] = {}  # the last seen is the last

    def keep(self, entries: Iterable[QuarantineEntry], now: int) -> None:
        """Keep the first of each kind, and count those that follow."""
        for entry in entries:
            self._count("quarantine_entries", entry.id not in self._entries)
            first, _, times = self._entries.pop(entry.id, (entry, 0, 0))
            self._entries[entry.id] = (first, now, times + 1)
            if len(self._entries) > QUARANTINE_LENGTH:
                self._make_room()

    def _make_room(self) -> None:
        """Drop the oldest of the source with the most entries, so that none can push out another's."""
        shares = Counter(source_in(name) for name in self._entries)
        largest = shares.most_common(1)[0][0]
        del self._entries[next(name for name in self._entries if source_in(name) == largest)]
        self._count("quarantine_entries", -1)
        self._count("quarantine_evicted", 1)

    def forget(self, ids: Iterable[str]) -> None:
        for name in ids:
            self._count("quarantine_entries", -(self._entries.pop(name, None) is not None))

    def newest(self, limit: int) -> list[tuple[QuarantineEntry, int, int]]:
        """Return the newest entries, each with when it was last seen (ms) and how often."""
        return list(reversed(self._entries.values()))[:limit]
