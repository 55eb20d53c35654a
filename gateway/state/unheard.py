"""Read from the store which alerts nobody could be told of."""

from __future__ import annotations

from gateway.model.changes import Table
from gateway.model.incident import UnheardAlert
from gateway.model.records import load_incident
from gateway.ports import Archive
from gateway.state.paging import pages


async def unheard_alerts(archive: Archive) -> list[UnheardAlert]:
    """Return the alerts of all incidents that nobody could be told of, the urgent ones first.

    Every incident is read, so ask only while the counter `unheard` is not 0. Raises `StateUnavailable`.
    """
    found: dict[str, tuple[UnheardAlert, ...]] = {}
    async for rows in pages(archive, Table.INCIDENTS):
        found |= {name: load_incident(row.value).unheard for name, row in rows.items()}
    return sorted(
        (alert for alerts in found.values() for alert in alerts),
        key=lambda alert: (not alert.urgent, alert.name),
    )
