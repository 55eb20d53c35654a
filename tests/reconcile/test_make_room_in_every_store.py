"""Room is made in real servers as in memory: rows, pointers and the agenda's entries of what is forgotten go."""

from __future__ import annotations

import msgspec

from gateway.decisions.intake.deduplicate import observe
from gateway.model.agenda import EXPIRY_PRIORITY, Subject
from gateway.model.changes import Cell, Changes, Table
from gateway.model.durations import HOUR, MINUTE
from gateway.model.incident import Incident
from gateway.model.ledger import LastNotified, Ledger, NotifiedState, ledger_cell
from gateway.model.members import Member
from gateway.model.records import dump
from gateway.model.retention import KEEP_ENDED_MS
from gateway.ports import State
from gateway.reconcile.make_room import RoomMaker
from tests.support.build import seen


async def ended(store: State, number: int, now: int) -> None:
    """Write an incident whose only alert ended two hours ago, and whose end was told."""
    name = f"Alert{number}"
    fired, _, _ = observe(None, seen(name), now - 3 * HOUR)
    alert, _, _ = observe(fired, seen(name, ends=MINUTE), now - 2 * HOUR)
    assert alert is not None
    incident_id, resolved_at = f"i{number}", now - 2 * HOUR + number
    incident = Incident(
        incident_id, now, "r", (Member(alert.id, alert.episode, now),), (f"k{number % 3}",), 1, 0, now, now,
        resolved_at=resolved_at, targets=("chat",),
    )  # fmt: skip
    told = LastNotified(NotifiedState.ENDED, members={alert.episode_id: False})
    changes = Changes(
        put={
            Cell(Table.ALERTS, alert.id): dump(msgspec.structs.replace(alert, incident=incident_id)),
            Cell(Table.INCIDENTS, incident_id): dump(incident),
            Cell(Table.KEYS, f"k{number % 3}"): b"i0 i1 i2 i3",
            ledger_cell(incident_id, "chat"): dump(Ledger(incident_id, "chat", "chat", last_notified=told)),
        }
    )
    changes.put |= {Cell(Table.COPIES, copy): alert.id.encode() for copy in alert.copies}
    changes.schedule(Subject.expire(incident_id), resolved_at + KEEP_ENDED_MS, EXPIRY_PRIORITY)
    await store.commit(changes)


async def test_all_that_belongs_to_it_goes(store: State) -> None:
    now = await store.now()
    for number in range(120):
        await ended(store, number, now)
    room = RoomMaker(store, dict)
    while await room.make_room():
        pass
    assert room.forgotten == {"default": 120}
    tables = (Table.ALERTS, Table.COPIES, Table.INCIDENTS, Table.LEDGERS, Table.KEYS)
    assert [await store.size(table) for table in tables] == [0] * len(tables)
    assert (await store.agenda()).depth == 0
