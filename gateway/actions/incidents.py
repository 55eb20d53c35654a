"""Act on incidents by hand: acknowledge, close, and retry what a destination refused for good."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from gateway.decisions.accounting.invariants import increment_unplanned
from gateway.decisions.delivery.probes import ask_by_hand
from gateway.decisions.delivery.refusals import cause_of_dead_letter
from gateway.decisions.incident_actions import acknowledge, close, retry, unacknowledge
from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.model.agenda import Subject
from gateway.model.cells import REFUSALS
from gateway.model.changes import Cell, Changes, LogEntry, Query, Result, Table
from gateway.model.incident import Incident
from gateway.model.ledger import ledger_key
from gateway.model.records import dump, load_ledger, load_refusals
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

    async def retry(self, incident: str, target: str) -> str | None:
        """Try a dead letter again.

        Returns an empty text when it is under way, a sentence why not, or None where there is no such ledger.
        """
        cell = Cell(Table.LEDGERS, ledger_key(incident, target))
        store = await self._shards.holding(cell)
        query = Query(cells=(cell, REFUSALS))

        def decide(gathered: Result) -> tuple[Changes | None, str | None]:
            row = gathered.rows[cell]
            if not row.value:
                return None, None
            before = load_ledger(row.value)
            after = retry(before)
            if isinstance(after, str):
                return None, after
            changes = Changes(expect={cell: row.version}, put={cell: dump(after)})
            # Whoever retries by hand wants it sent now: it asks for all others that are refused alike.
            refusals = load_refusals(gathered.rows[REFUSALS].value)
            asked = ask_by_hand(refusals, cause_of_dead_letter(before), before.key, gathered.now)
            if asked is not refusals:
                changes.expect[REFUSALS] = gathered.rows[REFUSALS].version
                changes.put[REFUSALS] = dump(asked)
            changes.schedule(Subject.deliver(target, incident), gathered.now, 0)
            # The plan comes along: alerts or rules may have changed while the letter was dead, and people get
            # the newest state.
            changes.schedule(Subject.plan(incident), gathered.now, 0)
            changes.log.append(LogEntry(incident, "dead_letter_retried", {"target": target}))
            return changes, ""

        done = await transact(store, "dead_letter_retry", partial(store.gather, query), decide)
        if done.committed is not None:
            self._woken()
        return done.answer
