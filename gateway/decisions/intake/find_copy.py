"""Find the copy of an alert that an observation means, where none has its key.

Only a copy of the same source that is the same by its labels, or by its fingerprint as sent, is meant; the
fingerprint alone is never enough, since the alert was found by its identity before.
"""

from __future__ import annotations

import msgspec

from gateway.decisions.intake.deduplicate import with_copy
from gateway.decisions.intake.occurrence import begun, believed_end, is_its_end
from gateway.model.alert import Alert, Copy, Observation
from gateway.model.changes import Cell, Changes, Table
from gateway.model.copy_key import HASH, as_sent, plain_key
from gateway.model.fingerprint import fingerprint


def find_copy(
    alert: Alert, seen: Observation, changes: Changes, now: int, ahead: int = 0
) -> tuple[Alert, Observation]:
    """Return the alert and the observation, brought to one key where a copy of the alert is meant.

    `changes` gets the pointers that move or that lead nowhere. People's time is `ahead` of `now`.
    """
    wall = now + ahead
    plain = plain_key(seen.copy)
    # The version before knew the plain key alone: its copy gets the whole key that it has from now on.
    if plain != seen.copy and _is_of_before(alert, plain):
        changes.drop.append(Cell(Table.COPIES, plain))
        return _moved(alert, plain, seen.copy), seen
    meant = _same_labels(alert, seen, plain)
    if not meant:
        meant = _ended_with_other_labels(alert, seen, wall)
        if meant and _is_end_of(alert.copies[meant], seen, wall):
            return _with_end(alert, seen, now, wall), msgspec.structs.replace(seen, copy=meant)
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


def _ended_with_other_labels(alert: Alert, seen: Observation, wall: int) -> str:
    """Return the firing copy that this end is of though an ignored label has another
    value than when it fired.

    Empty where none fires. What the alert is to people does not hang on which of several it is: they are told
    the end with the last copy, so that each end has to end one.
    """
    # Under another identity it is another thing that people were told of.
    if seen.firing or alert.id != seen.alert:
        return ""
    sent = as_sent(seen.copy)
    firing = {name: copy for name, copy in alert.copies.items() if copy.firing and as_sent(name) == sent}
    # An end that is older than all of them is ignored, and their timeline says so.
    ended = {name: copy for name, copy in firing.items() if _is_end_of(copy, seen, wall)} or firing
    # The start as it was sent names the occurrence, so that the end is of nothing that began at another time.
    same_start = {
        name: copy for name, copy in ended.items() if copy.starts_at == seen.starts_at and not copy.assumed
    }
    # Once the label has changed, nobody reports the copy under its old labels any more: of several that
    # it can be, it is the one that was not heard of for the longest, and of those the oldest. Where
    # that one fires all the same, the next report of it brings it back, and until then the other one
    # keeps the alert firing.
    return min(
        same_start or ended,
        key=lambda name: (alert.copies[name].said_at or 0, alert.copies[name].began_at, name),
        default="",
    )


def _is_end_of(copy: Copy, seen: Observation, wall: int) -> bool:
    return is_its_end(copy, seen, believed_end(seen, wall), wall)


def _with_end(alert: Alert, seen: Observation, now: int, wall: int) -> Alert:
    """Return the alert with a copy that has ended under these labels: the same end sent again, as each peer
    of a pair does, is known by it and ends no other copy.
    """
    copy = msgspec.structs.replace(begun(seen, believed_end(seen, wall), now, wall), firing=False)
    return msgspec.structs.replace(alert, copies=with_copy(alert.copies, seen.copy, copy))


def _moved(alert: Alert, old: str, new: str) -> Alert:
    moved = msgspec.structs.replace(alert.copies[old], keyed=True)
    copies = {name: copy for name, copy in alert.copies.items() if name != old} | {new: moved}
    spoken_by = new if alert.spoken_by == old else alert.spoken_by
    return msgspec.structs.replace(alert, copies=copies, spoken_by=spoken_by)
