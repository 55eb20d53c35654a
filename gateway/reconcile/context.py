"""What every step needs: the store, the rules in force, the destinations, and how an incident is read whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from gateway.decisions.plan import Case
from gateway.decisions.route import Router
from gateway.model.alert import Alert
from gateway.model.changes import Ask, Cell, Changes, Claim, Committed, Gathered, Release, Table
from gateway.model.incident import Incident
from gateway.model.ledger import ledger_key
from gateway.model.records import load_alert, load_incident, load_ledger
from gateway.model.rulebook import MINUTE
from gateway.ports import Notifier, Store, Vault, Watcher

log = structlog.get_logger("gateway.reconcile")

RULES = Cell(Table.META, "rules")
OUTDATED_PATIENCE = MINUTE

Report = Callable[[str, Mapping[str, str], bool, int], None]
"""Raise or end one of our own alerts: its name, further labels, firing, since (ms)."""


@dataclass(slots=True)
class Context:
    """`notifiers` by kind, `log` among them for destinations without a credential."""

    store: Store
    router: Router
    notifiers: Mapping[str, Notifier]
    vault: Vault
    watcher: Watcher
    report: Report
    public_url: str = ""
    generation: int = 0  # of the rules in force here; an older one than the store's does not plan
    outdated_since: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """A case with the versions of what was read for it."""

    case: Case
    versions: Mapping[Cell, bytes]
    now: int
    generation: int  # of the newest rules that any replica has
    newest: frozenset[str]  # the episodes that are their alerts' newest

    def expect(self, incident: str, *targets: str) -> dict[Cell, bytes]:
        cells = [Cell(Table.INCIDENTS, incident), *[ledger_cell(incident, target) for target in targets]]
        return {cell: self.versions.get(cell, b"") for cell in cells}


def ledger_cell(incident: str, target: str) -> Cell:
    return Cell(Table.LEDGERS, ledger_key(incident, target))


def load_generation(raw: bytes) -> tuple[int, str]:
    """The newest rules' generation and revision, as some replica announced them."""
    number, _, revision = raw.decode().partition(" ")
    return int(number or 0), revision


def outdated(context: Context, reading: Reading) -> bool:
    """Another replica has newer rules than we: it plans. Not for ever: nobody is left unwarned for a stuck deployment."""
    if reading.generation <= context.generation:
        context.outdated_since = 0
        return False
    context.outdated_since = context.outdated_since or reading.now
    return reading.now - context.outdated_since < OUTDATED_PATIENCE


async def read_case(store: Store, incident_id: str) -> Reading | None:
    """The incident, its members' episodes and its ledgers; None where there is no such incident."""
    cell = Cell(Table.INCIDENTS, incident_id)
    first = await store.gather(Ask(cells=(cell, RULES)))
    if not first.rows[cell].value:
        return None
    incident = load_incident(first.rows[cell].value)
    alerts = [Cell(Table.ALERTS, member.alert) for member in incident.members]
    ledgers = [ledger_cell(incident_id, target) for target in incident.targets]
    second = await store.gather(Ask(cells=(*dict.fromkeys(alerts), *ledgers)))
    episodes, missing = _episodes(incident, second)
    newest = frozenset(episodes)
    third = await store.gather(Ask(cells=missing)) if missing else second
    episodes |= {one.field: load_alert(third.rows[one].value) for one in missing if third.rows[one].value}
    found = [load_ledger(second.rows[one].value) for one in ledgers if second.rows[one].value]
    generation = load_generation(first.rows[RULES].value)[0]
    versions = {one: row.version for one, row in {**first.rows, **second.rows}.items()}
    return Reading(Case(incident, episodes, {one.target: one for one in found}), versions, third.now, generation, newest)


def _episodes(incident: Incident, gathered: Gathered) -> tuple[dict[str, Alert], list[Cell]]:
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


async def let_go(store: Store, claim: Claim, again: int | None) -> Committed:
    """Give a lease back without any other change."""
    return await store.commit(Changes(release=Release(claim, again)))
