"""Read what a shift leaves to the next, for whoever asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from gateway.decisions.controls import compile_controls
from gateway.decisions.handover import Handover, ShiftBegin, hand_over, shift_began
from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.policy import Policy
from gateway.model.cells import CONTROLS
from gateway.model.changes import Query, Table
from gateway.model.incident import Incident
from gateway.model.records import load_incident
from gateway.ports import State
from gateway.state.paging import PAGE_ROWS, pages
from gateway.state.shards import Shards
from gateway.state.snapshots import read_snapshots

MAX_ENDED = 200  # incidents that are over and are read whole; more are counted


@dataclass(frozen=True, slots=True)
class Handovers:
    """`policy` returns the one in force when it is called, and `redact_key` the key of the hashes of what is hidden."""

    shards: Shards
    policy: Callable[[], Policy]
    redact_key: Callable[[], bytes] = bytes

    async def find(self, begin_at: Callable[[int], ShiftBegin | str] | None = None) -> Handover | str:
        """Return what changed since the shift began, or what is wrong with its begin.

        `begin_at` says of people's time when it began; the rules do unless it is given. Raises
        `StateUnavailable`.
        """
        policy = self.policy()
        gathered = await self.shards.home.gather(Query(cells=(CONTROLS,)))
        now = gathered.wall
        begin = shift_began(policy, now) if begin_at is None else begin_at(now)
        if isinstance(begin, str):
            return begin
        open_here, ended = await self._incidents(begin.at - (gathered.wall - gathered.now))
        ended.sort(key=lambda found: found[1].resolved_at or 0, reverse=True)
        snapshots = await _whole([*open_here, *ended[:MAX_ENDED]])
        controls = compile_controls(gathered.rows[CONTROLS].value).controls
        # In a storm there are thousands, and webhooks must be answered meanwhile.
        unread, key = len(ended[MAX_ENDED:]), self.redact_key()
        return await asyncio.to_thread(
            hand_over, snapshots, controls, policy, begin, now, unread=unread, redact_key=key
        )

    async def _incidents(
        self, since: int
    ) -> tuple[list[tuple[State, Incident]], list[tuple[State, Incident]]]:
        """Return those that are not over, and those that ended since then (ms)."""
        found: dict[str, tuple[State, Incident]] = {}
        for state in self.shards.states:
            async for rows in pages(state, Table.INCIDENTS):
                read = (load_incident(row.value) for row in rows.values())
                found |= {incident.id: (state, incident) for incident in read}
        going_on = [one for one in found.values() if one[1].resolved_at is None]
        ended = [one for one in found.values() if (one[1].resolved_at or 0) >= since]
        return going_on, ended


async def _whole(found: list[tuple[State, Incident]]) -> list[IncidentSnapshot]:
    """Read incidents with their alerts, many at once; one that is forgotten meanwhile is left out."""
    by_state: dict[State, list[str]] = {}
    for state, incident in found:
        by_state.setdefault(state, []).append(incident.id)
    return [
        versioned.snapshot
        for state, names in by_state.items()
        for first in range(0, len(names), PAGE_ROWS)
        for versioned in await read_snapshots(state, names[first : first + PAGE_ROWS])
        if versioned is not None
    ]
