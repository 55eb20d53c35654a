"""Read which alerts that inhibit others people were paged for: whom they keep quiet, people know of already.

It is read for the statistics alone, and only while a member is first inhibited: two round trips.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.policy import Policy
from gateway.model.alert import Alert
from gateway.model.changes import Query
from gateway.model.incident import alert_of
from gateway.model.ledger import Ledger, NotifiedState, ledger_cell
from gateway.model.records import load_ledger
from gateway.ports import Store
from gateway.state.continuations import read_incidents


async def read_paged_sources(
    store: Store, snapshots: Mapping[str, IncidentSnapshot], policy: Policy
) -> dict[str, frozenset[str]]:
    """Return the sources that were paged, by the incidents that they newly inhibit."""
    newly = {name: snapshot for name, snapshot in snapshots.items() if _is_newly_inhibited(snapshot, policy)}
    sources = {name: [*snapshot.topic_sources.values()] for name, snapshot in newly.items()}
    paged = await _read_paged(store, [alert for alerts in sources.values() for alert in alerts])
    return {name: frozenset(alert.id for alert in alerts) & paged for name, alerts in sources.items()}


def _is_newly_inhibited(snapshot: IncidentSnapshot, policy: Policy) -> bool:
    """Return whether a source stands for a firing member that nothing has hidden before."""
    sources = snapshot.topic_sources
    if not sources:
        return False
    hidden = {
        episode
        for ledger in snapshot.ledgers.values()
        for known in ledger.hidden
        for episode in known.episodes
    }
    return any(
        topic in sources
        for episode, alert in snapshot.alerts.items()
        if alert.firing and episode not in hidden
        for subscription in policy.suppressor.inhibitor.subscriptions(alert.labels)
        for topic in subscription.topics
    )


async def _read_paged(store: Store, alerts: list[Alert]) -> frozenset[str]:
    incidents = await read_incidents(store, (alert.incident for alert in alerts if alert.incident))
    cells = [ledger_cell(name, target) for name, incident in incidents.items() for target in incident.targets]
    rows = (await store.gather(Query(cells=tuple(cells)))).rows if cells else {}
    told = {name for row in rows.values() if row.value for name in _paged_in(load_ledger(row.value))}
    return frozenset(alert.id for alert in alerts if alert.id in told)


def _paged_in(ledger: Ledger) -> list[str]:
    told = ledger.last_notified
    if not told.paged or told.state is not NotifiedState.FIRING:
        return []
    return [alert_of(episode) for episode, firing in told.members.items() if firing]
