"""Act on incidents by hand: acknowledge and close them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from gateway.decisions.accounting.invariants import increment_unplanned
from gateway.decisions.incident_actions import acknowledge, close, unacknowledge
from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.model.agenda import Subject
from gateway.model.changes import Cell, Changes, LogEntry, Table
from gateway.model.incident import Incident
from gateway.model.records import dump
from gateway.state.shards import Shards
from gateway.state.snapshots import VersionedSnapshot, read_snapshot
from gateway.state.transact import transact

Act = Callable[[IncidentSnapshot, int], Incident | str]


class IncidentActions:
    """Change incidents for people; `woken` wakes the reconcilers, so that they handle at once what is due.

    Each method returns the changed incident, a sentence why it cannot be done, or None where there is no such
    incident. Every method raises `StateUnavailable`.
    """

    def __init__(self, shards: Shards, woken: Callable[[], None]) -> None:
        self._shards = shards
        self._woken = woken

    async def acknowledge(self, incident: str, by: str) -> Incident | str | None:
        return await self._act(
            incident,
            "acknowledged",
            by,
            lambda found, now: acknowledge(found.incident, found.firing, by, now),
        )

    async def unacknowledge(self, incident: str, by: str) -> Incident | str | None:
        return await self._act(
            incident, "unacknowledged", by, lambda found, now: unacknowledge(found.incident, now)
        )

    async def close(self, incident: str, by: str, note: str, length: int) -> Incident | str | None:
        def act(found: IncidentSnapshot, now: int) -> Incident | str:
            # An alert whose end is held back still fires for people, so an incident of such
            # alerts can be closed.
            return close(found.incident, found.shown_firing, by, note, length, now)

        return await self._act(incident, "closed_by_hand", by, act)

    async def _act(self, incident_id: str, what: str, by: str, act: Act) -> Incident | str | None:
        cell = Cell(Table.INCIDENTS, incident_id)
        store = await self._shards.holding(cell)

        def decide(versioned: VersionedSnapshot | None) -> tuple[Changes | None, Incident | str | None]:
            if versioned is None:
                return None, None
            after = act(versioned.snapshot, versioned.now)
            if isinstance(after, str):
                return None, after
            # If the incident changed meanwhile, the action is decided again, on what is true then.
            changes = Changes(expect=versioned.expect(incident_id), put={cell: dump(after)})
            increment_unplanned(changes, versioned.snapshot.incident)
            changes.schedule(Subject.plan(incident_id), versioned.now, 0)
            changes.log.append(LogEntry(incident_id, what, {"by": by}))
            return changes, after

        done = await transact(store, "incident_action", partial(read_snapshot, store, incident_id), decide)
        # The others have to see at once that somebody has the incident, before a second person gets up.
        if done.committed is not None:
            self._woken()
        return done.answer
