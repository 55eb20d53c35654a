"""Find the copy of an alert that an observation means, where none has its key.

Only a copy of the same source with the same fingerprint as sent is meant; the fingerprint alone is never
enough, since the alert was found by its identity before.
"""

from __future__ import annotations

import msgspec

from gateway.model.alert import Alert, Copy, Observation
from gateway.model.changes import Cell, Changes, Table
from gateway.model.copy_key import HASH, as_sent
from gateway.model.fingerprint import fingerprint


def find_copy(alert: Alert, seen: Observation, changes: Changes) -> tuple[Alert, Observation]:
    """Return the alert and the observation, brought to one key where a copy of the alert is meant.

    `changes` gets the pointers that move or that lead nowhere.
    """
    if HASH not in seen.copy and seen.firing:
        return alert, seen
    old = as_sent(seen.copy)
    # The version before knew no hash in a key: its copy gets the key that it has from now on.
    if HASH in seen.copy and old in alert.copies and not _is_whole(alert, old):
        changes.drop.append(Cell(Table.COPIES, old))
        return _moved(alert, old, seen.copy), seen
    firing = [name for name, copy in alert.copies.items() if copy.firing and as_sent(name) == old]
    # An ignored label has another value than when the alert fired: its end must not be lost for that. Of
    # several nobody can tell which one has ended, and a wrong end costs more than a late one.
    if not seen.firing and alert.id == seen.alert and len(firing) == 1:
        changes.put.pop(Cell(Table.COPIES, seen.copy), None)
        return alert, msgspec.structs.replace(seen, copy=firing[0])
    return alert, seen


def _is_whole(alert: Alert, key: str) -> bool:
    """Return whether the key's fingerprint is that of the alert's labels, so that no hash belongs behind it."""
    return fingerprint(alert.labels) == key.partition("/")[2]


def _moved(alert: Alert, old: str, new: str) -> Alert:
    copies: dict[str, Copy] = {new if name == old else name: copy for name, copy in alert.copies.items()}
    spoken_by = new if alert.spoken_by == old else alert.spoken_by
    return msgspec.structs.replace(alert, copies=copies, spoken_by=spoken_by)
