"""Read an incident whole, with everything that a plan asks, and the versions of what was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway.decisions.controls import compile_controls
from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.policy import Policy
from gateway.decisions.sources.watchdogs import topic
from gateway.model.alert import Alert
from gateway.model.cells import CONTROLS, CREDENTIALED, REFUSALS, RULES, heartbeat_cell
from gateway.model.changes import Cell, Query, Result, Row, Table
from gateway.model.credentialed import load_credentialed
from gateway.model.incident import Incident
from gateway.model.lanes import load_closed_lane
from gateway.model.ledger import ledger_cell
from gateway.model.records import load_alert, load_incident, load_ledger, load_refusals
from gateway.model.refusals import NO_REFUSALS, Refusals
from gateway.model.rule_generation import RuleGeneration, load_rule_generation
from gateway.model.watchdog import load_heartbeat
from gateway.ports import Store
from gateway.state.continuations import read_groups
from gateway.state.paged_sources import read_paged_sources
from gateway.state.silence_matching import match_aside


@dataclass(frozen=True, slots=True)
class VersionedSnapshot:
    """An incident's snapshot with the versions of what was read for it.

    `topics` has the topics that the members' rules name, each with the alert that stands there (empty: none).
    `refusals` are the destinations that refuse everything now.
    """

    snapshot: IncidentSnapshot
    versions: Mapping[Cell, bytes]
    now: int
    rule_generation: RuleGeneration
    newest: frozenset[str]  # the episodes that are their alerts' newest
    topics: Mapping[str, str] = field(default_factory=dict)
    awaited: tuple[Cell, ...] = ()  # the heartbeats that its ends wait for
    refusals: Refusals = NO_REFUSALS

    def expect(self, incident: str, *targets: str) -> dict[Cell, bytes]:
        """Return the versions that a commit has to find unchanged.

        They are those of the incident, of these ledgers and of the awaited heartbeats.
        """
        ledgers = [ledger_cell(incident, target) for target in targets]
        cells = [Cell(Table.INCIDENTS, incident), *ledgers, *self.awaited]
        return {cell: self.versions.get(cell, b"") for cell in cells}


@dataclass(frozen=True, slots=True)
class _Members:
    """The members' alerts by episode, as far as these are newest, and the cells of the older episodes."""

    episodes: Mapping[str, Alert]
    older: Sequence[Cell]


async def read_snapshot(
    store: Store, incident_id: str, policy: Policy | None = None
) -> VersionedSnapshot | None:
    """Read the incident, its members' episodes and its ledgers; None where there is no such incident.

    With `policy`, what its rules ask of other alerts is read too; nothing may be planned without that.
    """
    return (await read_snapshots(store, [incident_id], policy))[0]


async def read_snapshots(
    store: Store, incident_ids: Sequence[str], policy: Policy | None = None
) -> list[VersionedSnapshot | None]:
    """Read several incidents at once, in the order asked: three or four round trips, however many they are.

    1. the incidents, the heartbeats that ends may wait for, the rules' generation, the controls, the kinds
       that ever had a credential and the destinations that refuse everything;
    2. the members' alerts, the ledgers and the lanes of the targets;
    3. the older episodes of alerts that have fired again since;
    4. with `policy`, the alerts that may keep the members quiet, and the incidents of the same group; two more
       where members are inhibited for the first time.
    """
    cells = [Cell(Table.INCIDENTS, incident_id) for incident_id in incident_ids]
    holding = policy.suppressor.watchdogs.holding if policy is not None else ()
    heartbeats = {watchdog.name: heartbeat_cell(watchdog.name) for watchdog in holding}
    single = (RULES, CONTROLS, CREDENTIALED, REFUSALS)
    first = await store.gather(Query(cells=(*cells, *heartbeats.values(), *single)))
    incidents = [load_incident(first.rows[cell].value) if first.rows[cell].value else None for cell in cells]
    found = [incident for incident in incidents if incident is not None]
    cells_of_found = dict.fromkeys(cell for incident in found for cell in _cells_of(incident))
    second = await store.gather(Query(cells=tuple(cells_of_found)))
    members = {incident.id: _members_of(incident, second) for incident in found}
    older = [cell for incident in found for cell in members[incident.id].older]
    third = await store.gather(Query(cells=older)) if older else second
    gathered = (first, second, third)
    snapshots = {incident.id: _versioned(incident, members[incident.id], gathered) for incident in found}
    if policy is not None:
        firing = [alert for versioned in snapshots.values() for alert in versioned.snapshot.firing]
        # While costly patterns were matched, what was read grew old, so it is read again.
        if await match_aside(compile_controls(first.rows[CONTROLS].value), firing):
            return await read_snapshots(store, incident_ids, policy)
        rows = {name: first.rows[cell] for name, cell in heartbeats.items()}
        if rows:
            snapshots = {
                name: _with_heartbeats(versioned, rows, policy) for name, versioned in snapshots.items()
            }
        snapshots = await _with_topics(store, snapshots, policy)
        for name, paged in (await read_paged_sources(store, _plain(snapshots), policy)).items():
            snapshots[name] = replace(
                snapshots[name], snapshot=replace(snapshots[name].snapshot, paged_sources=paged)
            )
        for name, group in (await read_groups(store, found)).items():
            snapshots[name] = replace(snapshots[name], snapshot=group.added_to(snapshots[name].snapshot))
    return [snapshots[incident.id] if incident is not None else None for incident in incidents]


def _plain(snapshots: Mapping[str, VersionedSnapshot]) -> dict[str, IncidentSnapshot]:
    return {name: versioned.snapshot for name, versioned in snapshots.items()}


def _with_heartbeats(
    versioned: VersionedSnapshot, rows: Mapping[str, Row], policy: Policy
) -> VersionedSnapshot:
    """Add the heartbeats, `rows` by watchdog.

    Where an end waits for a heartbeat, the incident subscribes to the heartbeat's topic, so that the next one
    has the incident looked at again.
    """
    snapshot, watchdogs = versioned.snapshot, policy.suppressor.watchdogs
    read = {name: load_heartbeat(row.value) for name, row in rows.items()}
    heartbeats = {name: at for name, at in read.items() if at is not None}
    waiting = [
        watchdogs.waits_for(alert, heartbeats, versioned.now, snapshot.ahead)
        for alert in snapshot.alerts.values()
    ]
    names = dict.fromkeys(watchdog.name for watchdog in waiting if watchdog is not None)
    # A resolved incident waits for nothing, so it is not planned again with each heartbeat.
    awaited = {} if snapshot.incident.resolved_at else {name: heartbeat_cell(name) for name in names}
    versions = {cell: rows[name].version for name, cell in awaited.items()}
    return replace(
        versioned,
        snapshot=replace(snapshot, heartbeats=heartbeats),
        versions={**versioned.versions, **versions},
        topics={topic(name): "" for name in awaited},
        awaited=tuple(awaited.values()),
    )


async def _with_topics(
    store: Store, snapshots: Mapping[str, VersionedSnapshot], policy: Policy
) -> dict[str, VersionedSnapshot]:
    """Add the alerts that may keep the members quiet, by the topics that the rules name.

    `snapshots` by incident.
    """
    watched = {name: _watched(versioned.snapshot, policy) for name, versioned in snapshots.items()}
    asked = tuple(dict.fromkeys(topic for topics in watched.values() for topic in topics))
    if not asked:
        return dict(snapshots)
    gathered = await store.gather(Query(topics=asked))
    first = {topic: gathered.standing[topic][0] if topic in gathered.standing else "" for topic in asked}
    alerts = {topic: load_alert(row.value) for topic, (_, row) in gathered.standing.items() if row.value}
    # An alert that has ended keeps nobody quiet, even where it still stands at a topic.
    firing = {topic: alert for topic, alert in alerts.items() if alert.firing}
    return {
        name: replace(
            versioned,
            snapshot=replace(
                versioned.snapshot,
                topic_sources={topic: firing[topic] for topic in watched[name] if topic in firing},
                ahead=gathered.ahead,
            ),
            topics={**versioned.topics, **{topic: first[topic] for topic in watched[name]}},
            now=gathered.now,
        )
        for name, versioned in snapshots.items()
    }


def _watched(snapshot: IncidentSnapshot, policy: Policy) -> tuple[str, ...]:
    inhibitor = policy.suppressor.inhibitor
    firing = (alert for alert in snapshot.alerts.values() if alert.firing)
    subscriptions = (
        subscription for alert in firing for subscription in inhibitor.subscriptions(alert.labels)
    )
    return tuple(dict.fromkeys(topic for subscription in subscriptions for topic in subscription.topics))


def _cells_of(incident: Incident) -> list[Cell]:
    alerts = [Cell(Table.ALERTS, member.alert) for member in incident.members]
    ledgers = [ledger_cell(incident.id, target) for target in incident.targets]
    return [*alerts, *ledgers, *(_lane_cell(target) for target in incident.targets)]


def _lane_cell(target: str) -> Cell:
    return Cell(Table.META, f"closed:{target}")


def _versioned(
    incident: Incident, members: _Members, gathered: tuple[Result, Result, Result]
) -> VersionedSnapshot:
    first, second, third = gathered
    older = {
        cell.field: load_alert(third.rows[cell].value) for cell in members.older if third.rows[cell].value
    }
    cells = _cells_of(incident)
    rows = [second.rows[cell].value for cell in cells if cell.table is Table.LEDGERS]
    ledgers = [load_ledger(row) for row in rows if row]
    versions = {cell: second.rows[cell].version for cell in cells}
    own = Cell(Table.INCIDENTS, incident.id)
    versions |= {cell: first.rows[cell].version for cell in (own, CREDENTIALED, REFUSALS)}
    lanes = {target: load_closed_lane(second.rows[_lane_cell(target)].value) for target in incident.targets}
    snapshot = IncidentSnapshot(
        incident,
        {**members.episodes, **older},
        {ledger.target: ledger for ledger in ledgers},
        {target: lane.since for target, lane in lanes.items() if lane is not None and lane.until > third.now},
        controls=compile_controls(first.rows[CONTROLS].value),
        credentialed=load_credentialed(first.rows[CREDENTIALED].value),
        ahead=third.ahead,
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


def _members_of(incident: Incident, gathered: Result) -> _Members:
    episodes: dict[str, Alert] = {}
    older: list[Cell] = []
    for member in incident.members:
        row = gathered.rows[Cell(Table.ALERTS, member.alert)]
        alert = load_alert(row.value) if row.value else None
        if alert is not None and alert.episode == member.episode:
            episodes[member.episode_id] = alert
        else:
            older.append(Cell(Table.PAST, member.episode_id))
    return _Members(episodes, older)
