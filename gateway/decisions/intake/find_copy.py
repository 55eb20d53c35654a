"""Find the copy of an alert that an observation means, where none has its key.

Only a copy of the same source that is the same by its labels, or by its fingerprint as sent, is meant; the
fingerprint alone is never enough, since the alert was found by its identity before.
"""

from __future__ import annotations

import msgspec

from gateway.model.alert import Alert, Observation
from gateway.model.changes import Cell, Changes, Table
from gateway.model.copy_key import HASH, as_sent, plain_key
from gateway.model.fingerprint import fingerprint


def find_copy(alert: Alert, seen: Observation, changes: Changes) -> tuple[Alert, Observation]:
    """Return the alert and the observation, brought to one key where a copy of the alert is meant.

    `changes` gets the pointers that move or that lead nowhere.
    """
    plain = plain_key(seen.copy)
    # The version before knew the plain key alone: its copy gets the whole key that it has from now on.
    if plain != seen.copy and _is_of_before(alert, plain):
        changes.drop.append(Cell(Table.COPIES, plain))
        return _moved(alert, plain, seen.copy), seen
    meant = _same_labels(alert, seen, plain) or _ended_with_other_labels(alert, seen)
    if not meant:
        return alert, seen
    changes.put.pop(Cell(Table.COPIES, seen.copy), None)
    return alert, msgspec.structs.replace(seen, copy=meant)


def _is_of_before(alert: Alert, plain: str) -> bool:
    """Return whether the version before wrote a copy under this key that may have a longer one now."""
    copy = alert.copies.get(plain)
    if copy is None or copy.keyed:
        return False
    return fingerprint(alert.labels) != plain.partition("/")[2]


def _same_labels(alert: Alert, seen: Observation, plain: str) -> str:
    """Return the copy of the same label set whose sender wrote no fingerprint, or does not write one now."""
    if HASH in seen.copy:
        return ""
    same = (name for name in alert.copies if HASH not in name and plain_key(name) == plain)
    return next(same, "")


def _ended_with_other_labels(alert: Alert, seen: Observation) -> str:
    """Return the firing copy that this end is of though an ignored label has another value than when it fired.

    Of several nobody can tell which one has ended, and a wrong end costs more than a late one.
    """
    if seen.firing or alert.id != seen.alert:
        return ""
    sent = as_sent(seen.copy)
    firing = [name for name, copy in alert.copies.items() if copy.firing and as_sent(name) == sent]
    return firing[0] if len(firing) == 1 else ""


def _moved(alert: Alert, old: str, new: str) -> Alert:
    moved = msgspec.structs.replace(alert.copies[old], keyed=True)
    copies = {name: copy for name, copy in alert.copies.items() if name != old} | {new: moved}
    spoken_by = new if alert.spoken_by == old else alert.spoken_by
    return msgspec.structs.replace(alert, copies=copies, spoken_by=spoken_by)
