"""Read when what waits to be forgotten has ended."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.model.agenda import Subject, SubjectKind
from gateway.model.changes import Cell, Query, Table
from gateway.model.records import load_alert, load_incident
from gateway.ports import Store


async def ends_of(store: Store, subjects: Sequence[Subject]) -> dict[Subject, int]:
    """Return when each incident was resolved, and when each alert was last seen of which only an end came."""
    cells = {subject: _cell(subject) for subject in subjects}
    rows = (await store.gather(Query(cells=list(cells.values())))).rows
    found: dict[Subject, int] = {}
    for subject, cell in cells.items():
        value = rows[cell].value
        if value and cell.table is Table.INCIDENTS:
            # It fires again: it gets a new time when it is over.
            resolved_at = load_incident(value).resolved_at
            found |= {subject: resolved_at} if resolved_at is not None else {}
        elif value:
            found[subject] = load_alert(value).last_seen
    return found


def _cell(subject: Subject) -> Cell:
    return Cell(Table.ALERTS if subject.kind == SubjectKind.EXPIRE_ALERT else Table.INCIDENTS, subject.id)
