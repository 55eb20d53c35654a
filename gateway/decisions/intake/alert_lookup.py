"""Which alert each observation of a batch belongs to, and what the store holds of these alerts.

A copy is found by its key before identity counts: a changed `labels.ignore` must lose no end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

import msgspec

from gateway.decisions.intake.deduplicate import new_alert, overflows, with_copy
from gateway.model.alert import Alert, Observation
from gateway.model.changes import Cell, Changes, Query, Result, Row, Table
from gateway.model.records import load_alert
from gateway.model.tombstones import KEPT_MS, load_tombstone, tombstone_cell
from gateway.model.truncated_groups import NO_TRUNCATED_GROUPS


class AlertLookup:
    """The alerts of one batch, as they were read at the time `now` (ms); people's time is `ahead` of it.

    `alerts` is by alert id, None where there is no such alert yet. `versions` are those of the rows that were
    read. `changes` holds the pointers from new copies to their alerts. `truncated` has the groups that their
    Alertmanager cut short. `reserve_use` is how many bytes each source has filled beyond
    the limit of a full store.
    """

    def __init__(self, now: int, ahead: int = 0) -> None:
        self.now = now
        self.ahead = ahead
        self.alerts: dict[str, Alert | None] = {}
        self.versions: dict[Cell, bytes] = {}
        self.changes = Changes()
        self.truncated = NO_TRUNCATED_GROUPS
        self.reserve_use: dict[str, int] = {}

    def resolve(self, asked: Sequence[Observation], result: Result) -> list[Observation]:
        """Take in the alerts that were read.

        Return the observations with the alert that each one's copy belongs to.
        """
        resolved = []
        for seen, (pointer, row) in zip(asked, result.alerts, strict=True):
            alert_id = pointer or seen.alert
            if alert_id not in self.alerts:
                self._take_in(alert_id, row)
            if self._has_another_identity(seen, pointer):
                # The rules identify alerts otherwise since this copy's last episode: its new episode is
                # another alert.
                cell = Cell(Table.ALERTS, pointer)
                self.changes.put[Cell(Table.COPIES, seen.copy)] = seen.alert.encode()
                self.changes.expect[cell] = self.versions[cell]
                alert_id = seen.alert
            elif not pointer:
                cell = Cell(Table.COPIES, seen.copy)
                self.changes.put[cell] = alert_id.encode()
                # A replica with other rules may have given it to another alert meanwhile
                self.changes.expect[cell] = b""
            resolved.append(seen if alert_id == seen.alert else msgspec.structs.replace(seen, alert=alert_id))
        return resolved

    def add(self, rows: Mapping[Cell, Row]) -> None:
        """Take in further alerts."""
        for cell, row in rows.items():
            if cell.table is Table.ALERTS:
                self._take_in(cell.field, row)

    def may_be_buried(self, asked: Sequence[Observation], result: Result, until: int) -> list[Cell]:
        """Return the tombstones of the copies that nobody knows; `until` is when the last one goes (ms)."""
        if until <= self.now:
            return []
        unknown = [seen.copy for seen, (pointer, _) in zip(asked, result.alerts, strict=True) if not pointer]
        return [tombstone_cell(copy) for copy in dict.fromkeys(unknown)]

    def recall(self, observations: Iterable[Observation], rows: Mapping[Cell, Row]) -> None:
        """Give the alerts the ends that tombstones have of their copies, so that what comes late is known."""
        for seen in observations:
            row = rows.get(tombstone_cell(seen.copy))
            if row is None or not row.value:
                continue
            stone, alert = load_tombstone(row.value), self.alerts.get(seen.alert)
            # What is older may not have been swept away yet.
            if self.now - stone.forgotten_at >= KEPT_MS or (alert is not None and seen.copy in alert.copies):
                continue
            known = alert if alert is not None else new_alert(seen, self.now)
            copies = with_copy(known.copies, seen.copy, stone.copy)
            self.alerts[seen.alert] = msgspec.structs.replace(known, copies=copies)

    def unread(self, observations: Iterable[Observation]) -> list[Cell]:
        """Return the alerts that have not been read: those that copies of another identity belong to now."""
        ids = dict.fromkeys(seen.alert for seen in observations)
        return [Cell(Table.ALERTS, alert_id) for alert_id in ids if alert_id not in self.alerts]

    def crowded(self, observations: Iterable[Observation]) -> list[Observation]:
        """Return the observations that bring a copy too many for their alert, each as an alert of its own."""
        coming: dict[str, set[str]] = {}
        found = []
        for seen in observations:
            copies = coming.setdefault(seen.alert, set())
            alert = self.alerts.get(seen.alert)
            # Over the bound a copy becomes an alert of its own: people may see it twice, but no end is lost.
            if overflows(alert, seen, copies):
                found.append(msgspec.structs.replace(seen, alert=_own_identity(seen)))
            elif seen.firing and (alert is None or seen.copy not in alert.copies):
                copies.add(seen.copy)
        self.changes.increment("crowded_copies", len(found))
        return found

    def _take_in(self, alert_id: str, row: Row) -> None:
        self.alerts[alert_id] = load_alert(row.value) if row.value else None
        self.versions[Cell(Table.ALERTS, alert_id)] = row.version

    def _has_another_identity(self, seen: Observation, pointer: str) -> bool:
        """Return whether the copy begins a new episode under another identity than the alert that it belonged
        to.

        Identity is pinned for the life of an episode. A copy that is an alert of its own stays one.
        """
        alert = self.alerts.get(pointer) if pointer else None
        if alert is None or pointer == seen.alert or not seen.firing or alert.firing:
            return False
        return alert.id != _own_identity(seen)


def query_of(observations: Sequence[Observation]) -> Query:
    """Ask for the alert of each observation, by its copy, or by its identity where the copy is unknown."""
    return Query([seen.copy for seen in observations], [seen.alert for seen in observations])


def _own_identity(seen: Observation) -> str:
    """Return the identity of a copy that is one too many for its alert."""
    return blake2b(f"{seen.alert}\xff{seen.copy}".encode(), digest_size=16).hexdigest()
