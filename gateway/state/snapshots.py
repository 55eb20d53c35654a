"""Read an incident whole, with everything that a plan asks, and the versions of what was read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from gateway.decisions.controls import compile_controls
from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.policy import Policy
from gateway.model.cells import CONTROLS, CREDENTIALED, REFUSALS, RULES, heartbeat_cell
from gateway.model.changes import Cell, Query, Result, Table
from gateway.model.credentialed import load_credentialed
from gateway.model.incident import Incident
from gateway.model.lanes import load_closed_lane
from gateway.model.ledger import ledger_cell
from gateway.model.members import Member
from gateway.model.records import load_alert, load_incident, load_ledger, load_refusals
from gateway.model.rule_generation import load_rule_generation
from gateway.ports import Store
from gateway.state.member_rows import MemberRows, member_rows
from gateway.state.silence_matching import match_aside
from gateway.state.snapshot_surroundings import with_surroundings
from gateway.state.versioned_snapshot import VersionedSnapshot

# The members that alone are new in an incident, None where others may be; by what was read with it
OnlyNew = Callable[[Incident, Result], tuple[Member, ...] | None]


async def read_snapshot(
    store: Store, incident_id: str, policy: Policy | None = None
) -> VersionedSnapshot | None:
    """Read the incident, its members' episodes and its ledgers; None where there is no such incident.

    With `policy`, what its rules ask of other alerts is read too; nothing may be planned without that.
    """
    return (await read_snapshots(store, [incident_id], policy))[0]


async def read_snapshots(
    store: Store, incident_ids: Sequence[str], policy: Policy | None = None, only_new: OnlyNew | None = None
) -> list[VersionedSnapshot | None]:
    """Read several incidents at once, in the order asked: three or four round trips, however many they are.

    1. the incidents, the heartbeats that ends may wait for, the rules' generation, the controls, the kinds
       that ever had a credential and the destinations that refuse everything;
    2. the members' alerts, the ledgers and the lanes of the targets;
    3. the older episodes of alerts that have fired again since;
    4. with `policy`, the alerts that may keep the members quiet, and the incidents of the same group; two more
       where members are inhibited for the first time.

    Of an incident of which `only_new` names members, no others are read.
    """
    cells = [Cell(Table.INCIDENTS, incident_id) for incident_id in incident_ids]
    holding = policy.suppressor.watchdogs.holding if policy is not None else ()
    heartbeats = {watchdog.name: heartbeat_cell(watchdog.name) for watchdog in holding}
    single = (RULES, CONTROLS, CREDENTIALED, REFUSALS)
    first = await store.gather(Query(cells=(*cells, *heartbeats.values(), *single)))
    incidents = [load_incident(first.rows[cell].value) if first.rows[cell].value else None for cell in cells]
    found = [incident for incident in incidents if incident is not None]
    joined = {incident.id: only_new(incident, first) if only_new else None for incident in found}
    asked = {incident.id: joined[incident.id] or incident.members for incident in found}
    alerts = (Cell(Table.ALERTS, member.alert) for members in asked.values() for member in members)
    of_targets = (cell for incident in found for cell in _cells_of_targets(incident))
    second = await store.gather(Query(cells=tuple(dict.fromkeys((*alerts, *of_targets)))))
    rows = {incident: member_rows(members, second) for incident, members in asked.items()}
    older = [cell for of_members in rows.values() for cell in of_members.older]
    third = await store.gather(Query(cells=older)) if older else second
    gathered = (first, second, third)
    snapshots = {
        incident.id: _versioned(incident, joined[incident.id], rows[incident.id], gathered)
        for incident in found
    }
    if policy is not None:
        firing = [alert for versioned in snapshots.values() for alert in versioned.snapshot.firing]
        # While costly patterns were matched, what was read grew old, so it is read again.
        if await match_aside(compile_controls(first.rows[CONTROLS].value), firing):
            return await read_snapshots(store, incident_ids, policy, only_new)
        beats = {name: first.rows[cell] for name, cell in heartbeats.items()}
        snapshots = await with_surroundings(store, snapshots, beats, policy)
    return [snapshots[incident.id] if incident is not None else None for incident in incidents]


def _cells_of_targets(incident: Incident) -> list[Cell]:
    ledgers = [ledger_cell(incident.id, target) for target in incident.targets]
    return [*ledgers, *(_lane_cell(target) for target in incident.targets)]


def _lane_cell(target: str) -> Cell:
    return Cell(Table.META, f"closed:{target}")


def _versioned(
    incident: Incident,
    joined: tuple[Member, ...] | None,
    members: MemberRows,
    gathered: tuple[Result, Result, Result],
) -> VersionedSnapshot:
    first, second, third = gathered
    older = {
        cell.field: load_alert(third.rows[cell].value) for cell in members.older if third.rows[cell].value
    }
    cells = _cells_of_targets(incident)
    rows = [second.rows[cell].value for cell in cells if cell.table is Table.LEDGERS]
    ledgers = [load_ledger(row) for row in rows if row]
    versions = {**members.versions, **{cell: second.rows[cell].version for cell in cells}}
    own = Cell(Table.INCIDENTS, incident.id)
    versions |= {cell: first.rows[cell].version for cell in (own, CONTROLS, CREDENTIALED, REFUSALS)}
    lanes = {target: load_closed_lane(second.rows[_lane_cell(target)].value) for target in incident.targets}
    snapshot = IncidentSnapshot(
        incident,
        {**members.episodes, **older},
        {ledger.target: ledger for ledger in ledgers},
        {target: lane.since for target, lane in lanes.items() if lane is not None and lane.until > third.now},
        controls=compile_controls(first.rows[CONTROLS].value),
        credentialed=load_credentialed(first.rows[CREDENTIALED].value),
        ahead=third.ahead,
        joined=joined,
    )
    rule_generation = load_rule_generation(first.rows[RULES].value)
    return VersionedSnapshot(
        snapshot,
        versions,
        third.now,
        rule_generation,
        frozenset(members.episodes),
        refusals=load_refusals(first.rows[REFUSALS].value),
    )
