"""Read what is known of the destinations that fail: the ledgers that are tried in vain, and their alerts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.model.changes import Cell, Query, Row, Table
from gateway.model.incident import alert_of
from gateway.model.ledger import Ledger
from gateway.model.records import load_alert, load_incident, load_ledger
from gateway.state.paging import pages
from gateway.state.shards import Shards

ALERTS_NAMED = 3


@dataclass(frozen=True, slots=True)
class FailingDestination:
    """The newest failure of a destination: `reason` and `error` as its ledger has them, and what waits there."""

    reason: str
    error: str
    since: int
    incidents: int
    alerts: tuple[str, ...]


async def failing_ledgers(shards: Shards) -> Mapping[str, FailingDestination]:
    """Return what is known of each destination with a ledger that fails.

    Every ledger is read, so ask only while a destination fails, and seldom. Raises `StateUnavailable`.
    """
    found: dict[str, dict[str, Ledger]] = {}
    async for rows in pages(shards, Table.LEDGERS):
        for key, row in rows.items():
            ledger = load_ledger(row.value)
            # One that was tried in vain and is owed nothing any more does not fail, whenever that was.
            if ledger.failing_since and ledger.status_counts.failing:
                found.setdefault(ledger.status_counts.failing, {})[key] = ledger
    return {name: await _known(shards, [*ledgers.values()]) for name, ledgers in found.items()}


async def _known(shards: Shards, ledgers: list[Ledger]) -> FailingDestination:
    newest = max(ledgers, key=lambda ledger: (bool(ledger.dead), ledger.failing_since or 0))
    names: dict[str, None] = {}
    for ledger in ledgers:
        for alert in await _alerts(shards, ledger):
            if len(names) < ALERTS_NAMED and (name := await _name(shards, alert)):
                names[name] = None
        if len(names) >= ALERTS_NAMED:
            break
    return FailingDestination(
        newest.dead or newest.error,
        newest.error,
        min(ledger.failing_since or 0 for ledger in ledgers),
        len({ledger.incident for ledger in ledgers}),
        tuple(names),
    )


async def _alerts(shards: Shards, ledger: Ledger) -> list[str]:
    """Return the first alerts that wait: those of what was refused or is not answered, else the incident's."""
    begun = ledger.intent.last_notified.members if ledger.intent else {}
    if episodes := (*ledger.refused.members, *begun):
        return [alert_of(episode) for episode in episodes[:ALERTS_NAMED]]
    row = await _read(shards, Cell(Table.INCIDENTS, ledger.incident))
    members = load_incident(row.value).members if row.value else ()
    return [member.alert for member in members[:ALERTS_NAMED]]


async def _name(shards: Shards, alert: str) -> str:
    row = await _read(shards, Cell(Table.ALERTS, alert))
    return load_alert(row.value).labels.get("alertname", "") if row.value else ""


async def _read(shards: Shards, cell: Cell) -> Row:
    return (await (await shards.holding(cell)).gather(Query(cells=(cell,)))).rows[cell]
