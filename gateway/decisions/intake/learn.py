"""Which alerts of a commit need not be read when they are sent once more as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gateway.decisions.intake.batch import Deduplicated
from gateway.decisions.intake.deduplicate import speaks
from gateway.decisions.intake.occurrence import starts_later
from gateway.model.alert import Alert, Observation
from gateway.model.changes import Cell, Changes, Table
from gateway.model.time_places import places_of_time

NOT_AS_KNOWN = (0, 0)  # the places of a time that does not stand at two places of a row
AT_THE_COMMIT = 0  # the time of what a commit writes


class Learned(NamedTuple):
    """It says what the bytes with the key `known_by` mean, as long as the alert's row has the version.

    The version is empty where the commit writes the row. `said_at` is when the alert's source spoke last
    (ms), or AT_THE_COMMIT; `places` are the two places of that time in the row, or NOT_AS_KNOWN.
    """

    known_by: bytes
    alert: str
    version: bytes
    said_at: int
    places: tuple[int, int]


def learn(observations: Sequence[Observation], found: Deduplicated, changes: Changes) -> list[Learned]:
    """Return what is learned from a commit of these observations."""
    learned = []
    for seen in observations:
        alert = found.alerts[seen.alert] if seen.known_by else None
        if alert is None or not only_repeats(alert, seen):
            continue
        said_at = alert.copies[seen.copy].said_at
        assert said_at is not None
        cell = Cell(Table.ALERTS, alert.id)
        row = changes.put.get(cell)
        if row is None:
            learned.append(Learned(seen.known_by, alert.id, found.versions[cell], said_at, NOT_AS_KNOWN))
        else:
            places = places_of_time(row, said_at) if said_at == alert.last_seen else None
            learned.append(Learned(seen.known_by, alert.id, b"", said_at, places or NOT_AS_KNOWN))
    return learned


def only_repeats(alert: Alert, seen: Observation) -> bool:
    """Return whether the observation, sent once more, would change nothing but when its source last spoke.

    That holds for as long as the alert stays as it is.
    """
    copy = alert.copies.get(seen.copy)
    if not seen.firing or copy is None or not copy.firing:
        return False
    # A dispute is settled by time, and a record of an older version is written anew.
    if alert.held_until is not None or copy.said_at is None or not copy.keyed:
        return False
    if seen.starts_at is not None and starts_later(copy, seen.starts_at):
        return False
    if not speaks(alert, seen.copy):
        return True
    # What people read is this copy's already.
    said = (alert.spoken_by, alert.source_url, alert.annotations)
    return said == (seen.copy, seen.source_url, seen.annotations)
