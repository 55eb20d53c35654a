"""Forget what ended long ago: on the agenda, never by eviction; a store that fills up,
sooner (`make_room.py`).

An incident is forgotten so long after the notification of its last end as `GATEWAY_KEEP_ENDED` says.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from gateway.decisions.accounting.invariants import increment_status_counts, increment_unheard
from gateway.decisions.forgetting import long_ended
from gateway.model.alert import Alert
from gateway.model.changes import Cell, Changes, Claim, Query, Release, Table
from gateway.model.incident import Incident, StatusCounts
from gateway.model.ledger import ledger_cell
from gateway.model.records import load_alert
from gateway.model.tombstones import bury
from gateway.ports import Store
from gateway.reconcile.context import Context
from gateway.state.snapshots import read_snapshot
from gateway.state.transact import commit_claimed
from gateway.state.versioned_snapshot import VersionedSnapshot


async def expire_incident(context: Context, claim: Claim) -> None:
    """Forget an incident that was resolved long ago, with everything that only it still needs."""
    await _forget(context, claim, await _incident(context, claim))


async def expire_alert(context: Context, claim: Claim) -> None:
    """Forget an alert of which only an end was ever seen."""
    await _forget(context, claim, await _orphan(context, claim.subject.id))


async def _forget(context: Context, claim: Claim, changes: Changes) -> None:
    changes.releases.append(Release(claim, None))
    await commit_claimed(context.store, claim, changes)


async def _orphan(context: Context, alert_id: str) -> Changes:
    cell = Cell(Table.ALERTS, alert_id)
    found = await context.store.gather(Query(cells=(cell,)))
    row = found.rows[cell]
    changes = Changes(expect={cell: row.version})
    alert = load_alert(row.value) if row.value else None
    # An alert that has fired since belongs to an incident, and is forgotten together with the incident.
    if alert is not None and alert.episode == 0:
        drop_alert(changes, alert)
        _bury_young(context, [alert], changes, found.now)
    return changes


async def _incident(context: Context, claim: Claim) -> Changes:
    versioned = await read_snapshot(context.store, claim.subject.id)
    # An incident that fires again is open: nothing of it may be forgotten.
    if versioned is None or not versioned.snapshot.incident.resolved_at:
        return Changes()
    changes = await forget_incidents(context.store, [versioned])
    _bury_young(context, dropped_alerts(versioned, changes), changes, versioned.now)
    return changes


def dropped_alerts(versioned: VersionedSnapshot, changes: Changes) -> list[Alert]:
    """Return the alerts of an incident whose records go with it."""
    gone = set(changes.drop)
    return [alert for alert in versioned.snapshot.alerts.values() if Cell(Table.ALERTS, alert.id) in gone]


def _bury_young(context: Context, alerts: Iterable[Alert], changes: Changes, now: int) -> None:
    """Leave tombstones of what is forgotten while its sources may still speak of it, as
    after a short time to keep.
    """
    for alert in alerts:
        if not long_ended(alert, context.policy.rules.sources, now):
            bury(changes, alert, now)


async def forget_incidents(store: Store, over: Sequence[VersionedSnapshot]) -> Changes:
    """Return what has to go with these incidents, which are resolved. Raises `StateUnavailable`."""
    changes = Changes()
    for versioned in over:
        _drop_incident(versioned, changes)
    incidents = [versioned.snapshot.incident for versioned in over]
    await _drop_keys(store, {incident.id for incident in incidents}, incidents, changes)
    return changes


def _drop_incident(versioned: VersionedSnapshot, changes: Changes) -> None:
    incident = versioned.snapshot.incident
    changes.expect |= versioned.expect(incident.id, *incident.targets)
    changes.drop.append(Cell(Table.INCIDENTS, incident.id))
    increment_status_counts(changes, incident.untargeted, StatusCounts())
    increment_unheard(changes, incident, None)
    for target, ledger in versioned.snapshot.ledgers.items():
        changes.drop.append(ledger_cell(incident.id, target))
        increment_status_counts(changes, ledger.status_counts, StatusCounts())
        # Ends that a target was never notified of, such as those of a dead letter, are counted when they are
        # dropped: else the invariants would report them as lost.
        changes.increment("ends_forgotten", sum(ledger.last_notified.members.values()))
    for episode_id, alert in versioned.snapshot.alerts.items():
        changes.drop.append(Cell(Table.PAST, episode_id))
        # The alert's record stays if the alert fires, or if it has joined another incident since.
        if episode_id in versioned.newest and alert.incident == incident.id and not alert.firing:
            cell = Cell(Table.ALERTS, alert.id)
            # A webhook that changes the alert right now makes this commit lose: a firing that Alertmanager
            # was told is taken must not be dropped.
            changes.expect[cell] = versioned.versions[cell]
            drop_alert(changes, alert)


def drop_alert(changes: Changes, alert: Alert) -> None:
    changes.drop.append(Cell(Table.ALERTS, alert.id))
    changes.drop += [Cell(Table.COPIES, copy) for copy in alert.copies]


async def _drop_keys(
    store: Store, gone: Collection[str], incidents: Sequence[Incident], changes: Changes
) -> None:
    keys = dict.fromkeys(Cell(Table.KEYS, key) for incident in incidents for key in incident.keys)
    if not keys:
        return
    rows = (await store.gather(Query(cells=list(keys)))).rows
    for cell, row in rows.items():
        left = [incident for incident in row.value.decode().split() if incident not in gone]
        changes.expect[cell] = row.version
        if left:
            # Other incidents are still found under this join key.
            changes.put[cell] = " ".join(left).encode()
        elif row.value:
            changes.drop.append(cell)
