"""Read what the rules ask of others than an incident's own members: alerts that may keep these quiet,
heartbeats that their ends wait for, and the incidents of the same group.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.policy import Policy
from gateway.decisions.sources.watchdogs import topic
from gateway.model.cells import heartbeat_cell
from gateway.model.changes import Query, Row
from gateway.model.records import load_alert
from gateway.model.watchdog import load_heartbeat
from gateway.ports import Store
from gateway.state.continuations import read_groups
from gateway.state.paged_sources import read_paged_sources
from gateway.state.versioned_snapshot import VersionedSnapshot


async def with_surroundings(
    store: Store, snapshots: Mapping[str, VersionedSnapshot], heartbeats: Mapping[str, Row], policy: Policy
) -> dict[str, VersionedSnapshot]:
    """Return the snapshots, by incident, with all of it. `heartbeats` are the rows by watchdog."""
    found = [versioned.snapshot.incident for versioned in snapshots.values()]
    if heartbeats:
        snapshots = {
            name: _with_heartbeats(versioned, heartbeats, policy) for name, versioned in snapshots.items()
        }
    complete = await _with_topics(store, snapshots, policy)
    plain = {name: versioned.snapshot for name, versioned in complete.items()}
    for name, paged in (await read_paged_sources(store, plain, policy)).items():
        complete[name] = replace(
            complete[name], snapshot=replace(complete[name].snapshot, paged_sources=paged)
        )
    for name, group in (await read_groups(store, found)).items():
        complete[name] = replace(complete[name], snapshot=group.added_to(complete[name].snapshot))
    return complete


def _with_heartbeats(
    versioned: VersionedSnapshot, rows: Mapping[str, Row], policy: Policy
) -> VersionedSnapshot:
    """Add the heartbeats, `rows` by watchdog.

    Where an end waits for a heartbeat, the incident subscribes to the heartbeat's topic, so that the next one
    has the incident looked at again.
    """
    snapshot, watchdogs = versioned.snapshot, policy.suppressor.watchdogs
    read = {name: load_heartbeat(row.value) for name, row in rows.items()}
    heartbeats = {name: at for name, at in read.items() if at is not None}
    waiting = [
        watchdogs.waits_for(alert, heartbeats, versioned.now, snapshot.ahead)
        for alert in snapshot.alerts.values()
    ]
    names = dict.fromkeys(watchdog.name for watchdog in waiting if watchdog is not None)
    # A resolved incident waits for nothing, so it is not planned again with each heartbeat.
    awaited = {} if snapshot.incident.resolved_at else {name: heartbeat_cell(name) for name in names}
    versions = {cell: rows[name].version for name, cell in awaited.items()}
    return replace(
        versioned,
        snapshot=replace(snapshot, heartbeats=heartbeats),
        versions={**versioned.versions, **versions},
        topics={topic(name): "" for name in awaited},
        awaited=tuple(awaited.values()),
    )


async def _with_topics(
    store: Store, snapshots: Mapping[str, VersionedSnapshot], policy: Policy
) -> dict[str, VersionedSnapshot]:
    """Add the alerts that may keep the members quiet, by the topics that the rules name.

    `snapshots` by incident.
    """
    watched = {name: watched_topics(versioned.snapshot, policy) for name, versioned in snapshots.items()}
    asked = tuple(dict.fromkeys(topic for topics in watched.values() for topic in topics))
    if not asked:
        return dict(snapshots)
    gathered = await store.gather(Query(topics=asked))
    first = {topic: gathered.standing[topic][0] if topic in gathered.standing else "" for topic in asked}
    alerts = {topic: load_alert(row.value) for topic, (_, row) in gathered.standing.items() if row.value}
    # An alert that has ended keeps nobody quiet, even where it still stands at a topic.
    firing = {topic: alert for topic, alert in alerts.items() if alert.firing}
    return {
        name: replace(
            versioned,
            snapshot=replace(
                versioned.snapshot,
                topic_sources={topic: firing[topic] for topic in watched[name] if topic in firing},
                ahead=gathered.ahead,
            ),
            topics={**versioned.topics, **{topic: first[topic] for topic in watched[name]}},
            now=gathered.now,
        )
        for name, versioned in snapshots.items()
    }


def watched_topics(snapshot: IncidentSnapshot, policy: Policy) -> tuple[str, ...]:
    """Return the topics at which an alert may stand that inhibits a member of the incident."""
    inhibitor = policy.suppressor.inhibitor
    # Those of the members that are left out are known from the last plan.
    known = snapshot.incident.subscriptions if snapshot.joined is not None else ()
    firing = (alert for alert in snapshot.alerts.values() if alert.firing)
    subscriptions = (
        subscription for alert in firing for subscription in inhibitor.subscriptions(alert.labels)
    )
    topics = (topic for subscription in subscriptions for topic in subscription.topics)
    return tuple(dict.fromkeys((*known, *topics)))
