"""Notes: what the thread is told of a telling: the difference between what was believed before and what is now."""

from __future__ import annotations

import msgspec

from gateway.model.ledger import Believed, Note, Told
from gateway.model.severity import Severity
from gateway.model.telling import Telling

NAMED_IN_NOTE = 5


def notes_of(before: Believed, after: Believed, telling: Telling) -> tuple[Note, ...]:
    """What the thread is told of a telling: the transitions that matter, nothing for a first message."""
    if before.state is Told.NOTHING:
        return ()
    said = [
        _reopened(before, after),
        _worse(before, after),
        _paged(before, after),
        _joined(before, after, telling),
        *_covered(before, after),
        _hushed(before, after, telling),
        _person(before, after, telling),
        _over(before, after, telling),
    ]
    return tuple(msgspec.structs.replace(note, at=telling.at) for note in said if note is not None)


def _reopened(before: Believed, after: Believed) -> Note | None:
    if after.state is not Told.FIRING or before.state is Told.FIRING:
        return None
    what = "Firing again: the time it was closed for is over or it got worse" if before.state is Told.CLOSED else "Firing again"
    return Note(what, broadcast=True, mention=after.paged)


def _worse(before: Believed, after: Believed) -> Note | None:
    if before.state is not Told.FIRING or after.state is not Told.FIRING or after.severity <= before.severity:
        return None
    return Note(f"Severity rose: {before.severity.word} → {after.severity.word}", broadcast=after.severity is Severity.CRITICAL)


def _paged(before: Believed, after: Believed) -> Note | None:
    stands_in = any(failing and not before.covers.get(target) for target, failing in after.covers.items())
    if after.paged and not before.paged and before.state is Told.FIRING and not stands_in:
        return Note("This needs somebody now", broadcast=True, mention=True)
    return None


def _joined(before: Believed, after: Believed, telling: Telling) -> Note | None:
    new = [episode for episode, firing in after.members.items() if firing and episode not in before.members]
    if before.state is not Told.FIRING or not new:
        return None
    names = list(dict.fromkeys(line.name for line in telling.lines if not line.ended_at))[:NAMED_IN_NOTE]
    return Note(f"{len(new)} more alert{'s' if len(new) > 1 else ''}; firing now: {', '.join(names)}")


def _covered(before: Believed, after: Believed) -> list[Note]:
    said = []
    for target, failing in after.covers.items():
        if failing and not before.covers.get(target):
            said.append(Note(f"{target} cannot be reached: this is its notification", broadcast=True, mention=after.paged))
        elif not failing and before.covers.get(target):
            said.append(Note(f"Delivered at {target} now"))
    return said


def _hushed(before: Believed, after: Believed, telling: Telling) -> Note | None:
    """Only the end of a silence is worth a line in the channel."""
    if any(after.members.get(episode) and episode not in after.hushed for episode in before.hushed):
        return Note("No longer suppressed, and it still fires", broadcast=True, mention=after.paged)
    if after.hushed.keys() - before.hushed.keys():
        return Note(f"Suppressed from now on: {telling.hushed}")
    return None


def _person(before: Believed, after: Believed, telling: Telling) -> Note | None:
    if after.acknowledged_by and after.acknowledged_by != before.acknowledged_by:
        return Note(f"Acknowledged by {telling.acknowledged_by}")
    if before.acknowledged_by and not after.acknowledged_by and after.state is Told.FIRING:
        why = ": it got worse" if after.severity > before.severity else ""
        return Note(f"The acknowledgement no longer holds{why}", broadcast=True)
    return None


def _over(before: Believed, after: Believed, telling: Telling) -> Note | None:
    if after.state is before.state:
        return None
    if after.state is Told.ENDED:
        return Note("Resolved")
    if after.state is Told.CLOSED:
        return Note(f"Closed by {after.closed_by} while it still fires")
    if after.state is Told.MOVED:
        return Note(f"No longer told here: {telling.closed_by or 'no rule routes it here'}")
    return None
