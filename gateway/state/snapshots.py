"""Reading: an incident whole, with everything that a plan asks, and the versions of what was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway.decisions.controls import compile_controls
from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.policy import Policy
from gateway.decisions.sources.watchdogs import topic
from gateway.model.alert import Alert
from gateway.model.cells import CONTROLS, RULES, heartbeat_cell
from gateway.model.changes import Cell, Query, Result, Row, Table
from gateway.model.incident import Incident
from gateway.model.lanes import closed_lane
from gateway.model.ledger import ledger_cell
from gateway.model.records import load_alert, load_incident, load_ledger
from gateway.model.rule_generation import RuleGeneration, load_rule_generation
from gateway.model.watchdog import load_heartbeat
from gateway.ports import Store


@dataclass(frozen=True, slots=True)
class VersionedSnapshot:
    """A case with the versions of what was read for it. `topics`: those that its members' rules name, and who was there."""

    snapshot: IncidentSnapshot
    versions: Mapping[Cell, bytes]
    now: int
    rule_generation: RuleGeneration
    newest: frozenset[str]  # the episodes that are their alerts' newest
    topics: Mapping[str, str] = field(default_factory=dict)
    awaited: tuple[Cell, ...] = ()  # the heartbeats that its ends wait for

    def expect(self, incident: str, *targets: str) -> dict[Cell, bytes]:
        ledgers = [ledger_cell(incident, target) for target in targets]
        cells = [Cell(Table.INCIDENTS, incident), *ledgers, *self.awaited]
        return {cell: self.versions.get(cell, b"") for cell in cells}


async def read_snapshot(store: Store, incident_id: str, policy: Policy | None = None) -> VersionedSnapshot | None:
    """The incident, its members' episodes and its ledgers; None where there is no such incident.

    With `policy` also what its rules ask of other alerts: without it, nothing may be planned from it.
    """
    return (await read_snapshots(store, [incident_id], policy))[0]


async def read_snapshots(
    store: Store, incident_ids: Sequence[str], policy: Policy | None = None
) -> list[VersionedSnapshot | None]:
    """Several in one go, in the order asked."""
    cells = [Cell(Table.INCIDENTS, one) for one in incident_ids]
    heartbeats = (
        {one.name: heartbeat_cell(one.name) for one in policy.suppressor.watchdogs.holding} if policy is not None else {}
    )
    first = await store.gather(Query(cells=(*cells, *heartbeats.values(), RULES, CONTROLS)))
    incidents = [load_incident(first.rows[cell].value) if first.rows[cell].value else None for cell in cells]
    wanted = dict.fromkeys(cell for one in incidents if one is not None for cell in _cells_of(one))
    second = await store.gather(Query(cells=tuple(wanted)))
    found = [_newest_of(one, second) if one is not None else None for one in incidents]
    missing = [cell for pair in found if pair is not None for cell in pair[1]]
    third = await store.gather(Query(cells=missing)) if missing else second
    rule_generation = load_rule_generation(first.rows[RULES].value)
    versioned_snapshots = [
        _versioned(one, pair, first, second, third, rule_generation) if one is not None and pair is not None else None
        for one, pair in zip(incidents, found, strict=True)
    ]
    if policy is None:
        return versioned_snapshots
    heard = {name: first.rows[cell] for name, cell in heartbeats.items()}
    versioned_snapshots = [
        _with_heartbeats(one, heard, policy) if one is not None and heard else one for one in versioned_snapshots
    ]
    return await _with_topics(store, versioned_snapshots, policy)


def _with_heartbeats(versioned: VersionedSnapshot, heard: Mapping[str, Row], policy: Policy) -> VersionedSnapshot:
    """Where an end waits for a heartbeat, the next one has the incident looked at again."""
    heartbeats = {name: load_heartbeat(row.value) for name, row in heard.items()}
    dogs = (policy.suppressor.watchdogs.waits_for(one, heartbeats, versioned.now) for one in versioned.snapshot.alerts.values())
    awaited = (
        {}
        if versioned.snapshot.incident.resolved_at
        else {dog.name: heartbeat_cell(dog.name) for dog in dogs if dog is not None}
    )
    versions = {cell: heard[name].version for name, cell in awaited.items()}
    return replace(
        versioned,
        snapshot=replace(versioned.snapshot, heartbeats=heartbeats),
        versions={**versioned.versions, **versions},
        topics={topic(name): "" for name in awaited},
        awaited=tuple(awaited.values()),
    )


async def _with_topics(
    store: Store, versioned_snapshots: list[VersionedSnapshot | None], policy: Policy
) -> list[VersionedSnapshot | None]:
    """Who stands where the rules look for somebody that keeps the members quiet."""
    watched = [_watched(one.snapshot, policy) if one is not None else () for one in versioned_snapshots]
    asked = tuple(dict.fromkeys(topic for topics in watched for topic in topics))
    if not asked:
        return versioned_snapshots
    gathered = await store.gather(Query(topics=asked))
    read = {topic: load_alert(row.value) for topic, (_, row) in gathered.standing.items() if row.value}
    alerts = {topic: alert for topic, alert in read.items() if alert.firing}
    return [
        None if one is None else replace(
            one,
            snapshot=replace(one.snapshot, topic_sources={topic: alerts[topic] for topic in topics if topic in alerts}),
            topics={**one.topics, **{topic: gathered.standing[topic][0] if topic in gathered.standing else "" for topic in topics}},
            now=gathered.now,
        )
        for one, topics in zip(versioned_snapshots, watched, strict=True)
    ]  # fmt: skip


def _watched(snapshot: IncidentSnapshot, policy: Policy) -> tuple[str, ...]:
    inhibitor = policy.suppressor.inhibitor
    firing = (alert for alert in snapshot.alerts.values() if alert.firing)
    return tuple(
        dict.fromkeys(topic for alert in firing for one in inhibitor.subscriptions(alert.labels) for topic in one.topics)
    )


def _cells_of(incident: Incident) -> list[Cell]:
    alerts = [Cell(Table.ALERTS, member.alert) for member in incident.members]
    ledgers = [ledger_cell(incident.id, target) for target in incident.targets]
    return [*alerts, *ledgers, *(_lane_cell(target) for target in incident.targets)]


def _lane_cell(target: str) -> Cell:
    return Cell(Table.META, f"closed:{target}")


def _versioned(
    incident: Incident, found: tuple[dict[str, Alert], list[Cell]], first: Result, second: Result, third: Result, rule_generation: RuleGeneration
) -> VersionedSnapshot:  # fmt: skip
    episodes, missing = found
    newest = frozenset(episodes)
    episodes |= {one.field: load_alert(third.rows[one].value) for one in missing if third.rows[one].value}
    cells = _cells_of(incident)
    ledgers = [load_ledger(second.rows[one].value) for one in cells if one.table is Table.LEDGERS and second.rows[one].value]
    versions = {one: second.rows[one].version for one in cells}
    own = Cell(Table.INCIDENTS, incident.id)
    versions[own] = first.rows[own].version
    lanes = {target: closed_lane(second.rows[_lane_cell(target)].value) for target in incident.targets}
    closed = {target: since for target, (since, until) in lanes.items() if until > third.now}
    controls = compile_controls(first.rows[CONTROLS].value)
    snapshot = IncidentSnapshot(incident, episodes, {one.target: one for one in ledgers}, closed, controls=controls)
    return VersionedSnapshot(snapshot, versions, third.now, rule_generation, newest)


def _newest_of(incident: Incident, gathered: Result) -> tuple[dict[str, Alert], list[Cell]]:
    """The members that are their alerts' newest episodes, and the cells of the older ones."""
    episodes: dict[str, Alert] = {}
    missing: list[Cell] = []
    for member in incident.members:
        row = gathered.rows[Cell(Table.ALERTS, member.alert)]
        alert = load_alert(row.value) if row.value else None
        if alert is not None and alert.episode == member.episode:
            episodes[member.episode_id] = alert
        else:
            missing.append(Cell(Table.PAST, member.episode_id))
    return episodes, missing
