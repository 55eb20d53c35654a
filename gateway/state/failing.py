"""What is known of the destinations that fail: the ledgers that are tried in vain, and the alerts they are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.model.changes import Cell, Query, Table
from gateway.model.incident import alert_of
from gateway.model.ledger import Ledger
from gateway.model.records import load_alert, load_ledger
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
            if ledger.failing_since:
                found.setdefault(ledger.destination, {})[key] = ledger
    return {name: await _known(shards, [*ledgers.values()]) for name, ledgers in found.items()}


async def _known(shards: Shards, ledgers: list[Ledger]) -> FailingDestination:
    newest = max(ledgers, key=lambda ledger: (bool(ledger.dead), ledger.failing_since or 0))
    members = [episode for ledger in ledgers for episode in (*ledger.refused.members, *_begun(ledger))]
    names = [await _name(shards, alert_of(episode)) for episode in members[:ALERTS_NAMED]]
    return FailingDestination(
        newest.dead or newest.error,
        newest.error,
        min(ledger.failing_since or 0 for ledger in ledgers),
        len({ledger.incident for ledger in ledgers}),
        tuple(dict.fromkeys(name for name in names if name)),
    )


def _begun(ledger: Ledger) -> Mapping[str, bool]:
    return ledger.intent.last_notified.members if ledger.intent else {}


async def _name(shards: Shards, alert: str) -> str:
    cell = Cell(Table.ALERTS, alert)
    row = (await (await shards.holding(cell)).gather(Query(cells=(cell,)))).rows[cell]
    return load_alert(row.value).labels.get("alertname", "") if row.value else ""
