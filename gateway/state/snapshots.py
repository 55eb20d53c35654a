"""Reading: an incident whole, with everything that a plan asks, and the versions of what was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from gateway.decisions.controls import compile_orders
from gateway.decisions.incident_snapshot import Case
from gateway.decisions.policy import Policy
from gateway.decisions.sources.watchdogs import post
from gateway.model.alert import Alert
from gateway.model.cells import ORDERS, RULES, beat_cell
from gateway.model.changes import Ask, Cell, Gathered, Row, Table
from gateway.model.incident import Incident
from gateway.model.lanes import closed_lane
from gateway.model.ledger import ledger_cell
from gateway.model.records import load_alert, load_incident, load_ledger
from gateway.model.rule_generation import Announced, load_announced
from gateway.model.watchdog import load_beat
from gateway.ports import Store


@dataclass(frozen=True, slots=True)
class Reading:
    """A case with the versions of what was read for it. `posts`: those that its members' rules name, and who was there."""

    case: Case
    versions: Mapping[Cell, bytes]
    now: int
    announced: Announced
    newest: frozenset[str]  # the episodes that are their alerts' newest
    posts: Mapping[str, str] = field(default_factory=dict)
    awaited: tuple[Cell, ...] = ()  # the heartbeats that its ends wait for

    def expect(self, incident: str, *targets: str) -> dict[Cell, bytes]:
        ledgers = [ledger_cell(incident, target) for target in targets]
        cells = [Cell(Table.INCIDENTS, incident), *ledgers, *self.awaited]
        return {cell: self.versions.get(cell, b"") for cell in cells}


async def read_case(store: Store, incident_id: str, policy: Policy | None = None) -> Reading | None:
    """The incident, its members' episodes and its ledgers; None where there is no such incident.

    With `policy` also what its rules ask of other alerts: without it, nothing may be planned from it.
    """
    return (await read_cases(store, [incident_id], policy))[0]


async def read_cases(store: Store, incident_ids: Sequence[str], policy: Policy | None = None) -> list[Reading | None]:
    """Several in one go, in the order asked."""
    cells = [Cell(Table.INCIDENTS, one) for one in incident_ids]
    beats = {one.name: beat_cell(one.name) for one in policy.suppressor.watchdogs.holding} if policy is not None else {}
    first = await store.gather(Ask(cells=(*cells, *beats.values(), RULES, ORDERS)))
    incidents = [load_incident(first.rows[cell].value) if first.rows[cell].value else None for cell in cells]
    wanted = dict.fromkeys(cell for one in incidents if one is not None for cell in _cells_of(one))
    second = await store.gather(Ask(cells=tuple(wanted)))
    found = [_newest_of(one, second) if one is not None else None for one in incidents]
    missing = [cell for pair in found if pair is not None for cell in pair[1]]
    third = await store.gather(Ask(cells=missing)) if missing else second
    announced = load_announced(first.rows[RULES].value)
    readings = [
        _reading(one, pair, first, second, third, announced) if one is not None and pair is not None else None
        for one, pair in zip(incidents, found, strict=True)
    ]
    if policy is None:
        return readings
    heard = {name: first.rows[cell] for name, cell in beats.items()}
    readings = [_with_beats(one, heard, policy) if one is not None and heard else one for one in readings]
    return await _with_posts(store, readings, policy)


def _with_beats(reading: Reading, heard: Mapping[str, Row], policy: Policy) -> Reading:
    """Where an end waits for a heartbeat, the next one has the incident looked at again."""
    beats = {name: load_beat(row.value) for name, row in heard.items()}
    dogs = (policy.suppressor.watchdogs.waits_for(one, beats, reading.now) for one in reading.case.alerts.values())
    awaited = {} if reading.case.incident.resolved_at else {dog.name: beat_cell(dog.name) for dog in dogs if dog is not None}
    versions = {cell: heard[name].version for name, cell in awaited.items()}
    return replace(
        reading,
        case=replace(reading.case, beats=beats),
        versions={**reading.versions, **versions},
        posts={post(name): "" for name in awaited},
        awaited=tuple(awaited.values()),
    )


async def _with_posts(store: Store, readings: list[Reading | None], policy: Policy) -> list[Reading | None]:
    """Who stands where the rules look for somebody that keeps the members quiet."""
    watched = [_watched(one.case, policy) if one is not None else () for one in readings]
    asked = tuple(dict.fromkeys(post for posts in watched for post in posts))
    if not asked:
        return readings
    gathered = await store.gather(Ask(posts=asked))
    read = {post: load_alert(row.value) for post, (_, row) in gathered.standing.items() if row.value}
    alerts = {post: alert for post, alert in read.items() if alert.firing}
    return [
        None if one is None else replace(
            one,
            case=replace(one.case, standing={post: alerts[post] for post in posts if post in alerts}),
            posts={**one.posts, **{post: gathered.standing[post][0] if post in gathered.standing else "" for post in posts}},
            now=gathered.now,
        )
        for one, posts in zip(readings, watched, strict=True)
    ]  # fmt: skip


def _watched(case: Case, policy: Policy) -> tuple[str, ...]:
    inhibitor = policy.suppressor.inhibitor
    firing = (alert for alert in case.alerts.values() if alert.firing)
    return tuple(dict.fromkeys(post for alert in firing for one in inhibitor.watches(alert.labels) for post in one.posts))


def _cells_of(incident: Incident) -> list[Cell]:
    alerts = [Cell(Table.ALERTS, member.alert) for member in incident.members]
    ledgers = [ledger_cell(incident.id, target) for target in incident.targets]
    return [*alerts, *ledgers, *(_lane_cell(target) for target in incident.targets)]


def _lane_cell(target: str) -> Cell:
    return Cell(Table.META, f"closed:{target}")


def _reading(
    incident: Incident, found: tuple[dict[str, Alert], list[Cell]], first: Gathered, second: Gathered, third: Gathered, announced: Announced
) -> Reading:  # fmt: skip
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
    orders = compile_orders(first.rows[ORDERS].value)
    case = Case(incident, episodes, {one.target: one for one in ledgers}, closed, orders=orders)
    return Reading(case, versions, third.now, announced, newest)


def _newest_of(incident: Incident, gathered: Gathered) -> tuple[dict[str, Alert], list[Cell]]:
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
