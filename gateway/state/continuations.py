"""Read the incidents before and after one that is part of a group too large for one incident."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from gateway.decisions.incident_snapshot import EarlierIncident, IncidentSnapshot
from gateway.model.changes import Cell, Query, Table
from gateway.model.incident import Incident
from gateway.model.ledger import ledger_cell
from gateway.model.records import load_incident, load_ledger
from gateway.ports import Store

LATER_READ = 20  # incidents that continue one another; what lies behind them is not counted


class Group(NamedTuple):
    """The full incidents that one continues, and those that continue it."""

    earlier: tuple[EarlierIncident, ...]
    later: tuple[Incident, ...]

    def added_to(self, snapshot: IncidentSnapshot) -> IncidentSnapshot:
        return replace(snapshot, earlier=self.earlier, later=self.later)


async def read_groups(store: Store, incidents: Sequence[Incident]) -> dict[str, Group]:
    """Return the groups by incident, without the incidents that are a whole group: nearly all are."""
    earlier, later = await _read_earlier(store, incidents), await _read_later(store, incidents)
    names = dict.fromkeys((*earlier, *later))
    return {name: Group(earlier.get(name, ()), later.get(name, ())) for name in names}


async def _read_earlier(
    store: Store, incidents: Iterable[Incident]
) -> Mapping[str, tuple[EarlierIncident, ...]]:
    """Return by incident the full ones that it continues, with their ledgers."""
    continuing = [incident for incident in incidents if incident.continues]
    found = await read_incidents(store, (name for incident in continuing for name in incident.continues))
    cells = [ledger_cell(name, target) for name, incident in found.items() for target in incident.targets]
    rows = (await store.gather(Query(cells=tuple(cells)))).rows if cells else {}
    ledgers = [load_ledger(rows[cell].value) for cell in cells if rows[cell].value]
    earlier = {
        name: EarlierIncident(
            incident, {ledger.target: ledger for ledger in ledgers if ledger.incident == name}
        )
        for name, incident in found.items()
    }
    return {
        incident.id: tuple(earlier[name] for name in incident.continues if name in earlier)
        for incident in continuing
    }


async def _read_later(store: Store, incidents: Iterable[Incident]) -> Mapping[str, tuple[Incident, ...]]:
    """Return by incident those that continue it, in a round trip for each: each names the next one alone."""
    waiting = {incident.id: incident.continued_by for incident in incidents if incident.continued_by}
    later: dict[str, tuple[Incident, ...]] = dict.fromkeys(waiting, ())
    for _ in range(LATER_READ):
        found = await read_incidents(store, waiting.values())
        following = {name: found[later_one] for name, later_one in waiting.items() if later_one in found}
        later |= {name: (*later[name], incident) for name, incident in following.items()}
        waiting = {
            name: incident.continued_by for name, incident in following.items() if incident.continued_by
        }
        if not waiting:
            break
    return later


async def read_incidents(store: Store, names: Iterable[str]) -> dict[str, Incident]:
    cells = [Cell(Table.INCIDENTS, name) for name in dict.fromkeys(names)]
    rows = (await store.gather(Query(cells=tuple(cells)))).rows if cells else {}
    return {cell.field: load_incident(row.value) for cell, row in rows.items() if row.value}
