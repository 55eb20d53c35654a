"""Forget what ended long ago: on the agenda, never by eviction.

An incident is forgotten seven days after the notification of its last end.
"""

from __future__ import annotations

from gateway.decisions.accounting.invariants import increment_status_counts, increment_unheard
from gateway.model.alert import Alert
from gateway.model.changes import Cell, Changes, Claim, Query, Release, Table
from gateway.model.incident import StatusCounts
from gateway.model.ledger import ledger_cell
from gateway.model.records import load_alert
from gateway.reconcile.context import Context
from gateway.state.snapshots import read_snapshot
from gateway.state.transact import commit_claimed


async def expire_incident(context: Context, claim: Claim) -> None:
    """Forget an incident that was resolved long ago, with everything that only it still needs."""
    await _forget(context, claim, await _incident(context, claim.subject.id))


async def expire_alert(context: Context, claim: Claim) -> None:
    """Forget an alert of which only an end was ever seen."""
    await _forget(context, claim, await _orphan(context, claim.subject.id))


async def _forget(context: Context, claim: Claim, changes: Changes) -> None:
    changes.releases.append(Release(claim, None))
    await commit_claimed(context.store, claim, changes)


async def _orphan(context: Context, alert_id: str) -> Changes:
    cell = Cell(Table.ALERTS, alert_id)
    row = (await context.store.gather(Query(cells=(cell,)))).rows[cell]
    changes = Changes(expect={cell: row.version})
    alert = load_alert(row.value) if row.value else None
    # An alert that has fired since belongs to an incident, and is forgotten together with the incident.
    if alert is not None and alert.episode == 0:
        _drop_alert(changes, alert)
    return changes


async def _incident(context: Context, incident_id: str) -> Changes:
    versioned = await read_snapshot(context.store, incident_id)
    # An incident that fires again is open: nothing of it may be forgotten.
    if versioned is None or not versioned.snapshot.incident.resolved_at:
        return Changes()
    incident = versioned.snapshot.incident
    changes = Changes(expect=versioned.expect(incident_id, *incident.targets))
    changes.drop.append(Cell(Table.INCIDENTS, incident_id))
    increment_status_counts(changes, incident.untargeted, StatusCounts())
    increment_unheard(changes, incident, None)
    for target, ledger in versioned.snapshot.ledgers.items():
        changes.drop.append(ledger_cell(incident_id, target))
        increment_status_counts(changes, ledger.status_counts, StatusCounts())
        # Ends that a target was never notified of, such as those of a dead letter, are counted when they are
        # dropped: else the invariants would report them as lost.
        changes.increment("ends_forgotten", sum(ledger.last_notified.members.values()))
    await _drop_keys(context, incident_id, incident.keys, changes)
    for episode_id, alert in versioned.snapshot.alerts.items():
        changes.drop.append(Cell(Table.PAST, episode_id))
        # The alert's record stays if the alert fires, or if it has joined another incident since.
        if episode_id in versioned.newest and alert.incident == incident_id and not alert.firing:
            cell = Cell(Table.ALERTS, alert.id)
            # A webhook that changes the alert right now makes this commit lose: a firing that Alertmanager
            # was told is taken must not be dropped.
            changes.expect[cell] = versioned.versions[cell]
            _drop_alert(changes, alert)
    return changes


def _drop_alert(changes: Changes, alert: Alert) -> None:
    changes.drop.append(Cell(Table.ALERTS, alert.id))
    changes.drop += [Cell(Table.COPIES, copy) for copy in alert.copies]


async def _drop_keys(context: Context, incident_id: str, keys: tuple[str, ...], changes: Changes) -> None:
    if not keys:
        return
    rows = (await context.store.gather(Query(cells=[Cell(Table.KEYS, key) for key in keys]))).rows
    for cell, row in rows.items():
        left = [incident for incident in row.value.decode().split() if incident != incident_id]
        changes.expect[cell] = row.version
        if left:
            # Other incidents are still found under this join key.
            changes.put[cell] = " ".join(left).encode()
        elif row.value:
            changes.drop.append(cell)
