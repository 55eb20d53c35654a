"""What every step needs: the store, the rules in force, the destinations, and how an incident is read whole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import structlog

from gateway.decisions.plan import Case
from gateway.decisions.policy import Policy
from gateway.errors import StateUnavailable
from gateway.model.alert import Alert
from gateway.model.changes import Ask, Cell, Changes, Claim, Committed, Fate, Gathered, Pace, Release, Table, closed_lane
from gateway.model.incident import Incident
from gateway.model.ledger import ledger_key
from gateway.model.records import load_alert, load_incident, load_ledger
from gateway.model.rulebook import MINUTE
from gateway.ports import Notifier, Store, Vault, Watcher

log = structlog.get_logger("gateway.reconcile")

RULES = Cell(Table.META, "rules")
OUTDATED_PATIENCE = MINUTE
FENCE_STEP = 0.05  # seconds
FENCE_TRIES = 100  # longer than a fence can last

Report = Callable[[str, Mapping[str, str]], None]
"""Say that one of our own alerts fires, again and again for as long as it does: its name, further labels."""


@dataclass(slots=True)
class Context:
    """`notifiers` by kind, `log` among them for destinations without a credential."""

    store: Store
    policy: Policy
    notifiers: Mapping[str, Notifier]
    vault: Vault
    watcher: Watcher
    report: Report
    public_url: str = ""
    generation: int = 0  # of the rules in force here; an older one than the store's does not plan
    paces: Mapping[str, Pace] = field(default_factory=dict)  # by destination


@dataclass(frozen=True, slots=True)
class Reading:
    """A case with the versions of what was read for it."""

    case: Case
    versions: Mapping[Cell, bytes]
    now: int
    announced: Announced
    newest: frozenset[str]  # the episodes that are their alerts' newest

    def expect(self, incident: str, *targets: str) -> dict[Cell, bytes]:
        cells = [Cell(Table.INCIDENTS, incident), *[ledger_cell(incident, target) for target in targets]]
        return {cell: self.versions.get(cell, b"") for cell in cells}


def ledger_cell(incident: str, target: str) -> Cell:
    return Cell(Table.LEDGERS, ledger_key(incident, target))


class Announced(NamedTuple):
    """The newest rules that any replica has: their generation and revision, and when a replica that has them last said so (ms)."""

    generation: int = 0
    revision: str = ""
    seen_at: int = 0

    def dump(self) -> bytes:
        return f"{self.generation} {self.revision} {self.seen_at}".encode()


def load_announced(row: bytes) -> Announced:
    generation, revision, seen_at = row.decode().split() if row else ("0", "", "0")
    return Announced(int(generation), revision, int(seen_at))


def outdated(context: Context, reading: Reading) -> bool:
    """A replica that has newer rules than we is alive: it plans. Where none is, nobody is left unwarned for its sake."""
    newest = reading.announced
    return newest.generation > context.generation and reading.now - newest.seen_at < OUTDATED_PATIENCE


async def read_case(store: Store, incident_id: str) -> Reading | None:
    """The incident, its members' episodes and its ledgers; None where there is no such incident."""
    return (await read_cases(store, [incident_id]))[0]


async def read_cases(store: Store, incident_ids: Sequence[str]) -> list[Reading | None]:
    """Several in one go, in the order asked."""
    cells = [Cell(Table.INCIDENTS, one) for one in incident_ids]
    first = await store.gather(Ask(cells=(*cells, RULES)))
    incidents = [load_incident(first.rows[cell].value) if first.rows[cell].value else None for cell in cells]
    wanted = dict.fromkeys(cell for one in incidents if one is not None for cell in _cells_of(one))
    second = await store.gather(Ask(cells=tuple(wanted)))
    found = [_newest_of(one, second) if one is not None else None for one in incidents]
    missing = [cell for pair in found if pair is not None for cell in pair[1]]
    third = await store.gather(Ask(cells=missing)) if missing else second
    announced = load_announced(first.rows[RULES].value)
    return [
        _reading(one, pair, first, second, third, announced) if one is not None and pair is not None else None
        for one, pair in zip(incidents, found, strict=True)
    ]


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
    case = Case(incident, episodes, {one.target: one for one in ledgers}, closed)
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


async def commit(store: Store, changes: Changes) -> Committed:
    """Another replica's fence lasts a moment: it is waited for. Raises `StateUnavailable`, also where it does not end."""
    for _ in range(FENCE_TRIES):
        committed = await store.commit(changes)
        if committed.fate is not Fate.FENCED:
            return committed
        await asyncio.sleep(FENCE_STEP)
    raise StateUnavailable("somebody keeps the slot fenced")


async def let_go(store: Store, claim: Claim, again: int | None) -> Committed:
    """Give a lease back without any other change."""
    return await commit(store, Changes(releases=[Release(claim, again)]))
