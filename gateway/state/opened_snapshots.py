"""Read what a plan asks about incidents that are not in the store yet: a commit of webhooks opens them.

The incident and its alerts are at hand, nobody was told of it, and it has no older episodes. What is
left to read is what decides about every incident: one round trip, however many they are.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.decisions.controls import compile_controls
from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.intake.assign_incidents import OpenedIncident
from gateway.decisions.policy import Policy
from gateway.model.cells import CONTROLS, CREDENTIALED, RULES
from gateway.model.changes import Cell, Query, Table
from gateway.model.credentialed import load_credentialed
from gateway.model.rule_generation import load_rule_generation
from gateway.ports import Store
from gateway.state.snapshot_surroundings import watched_topics
from gateway.state.versioned_snapshot import VersionedSnapshot


async def read_opened(
    store: Store, opened: Sequence[OpenedIncident], policy: Policy
) -> list[VersionedSnapshot]:
    """Return the snapshots of incidents that continue no full one and whose alerts all fire, in the
    order given.

    An alert that inhibits a member is named in `topics` and is not read. Raises `StateUnavailable`.
    """
    plain = [IncidentSnapshot(incident.incident, incident.alerts, {}) for incident in opened]
    topics = [watched_topics(snapshot, policy) for snapshot in plain]
    single = (RULES, CONTROLS, CREDENTIALED)
    asked = tuple(dict.fromkeys(topic for watched in topics for topic in watched))
    gathered = await store.gather(Query(cells=single, topics=asked))
    standing = {topic: alert for topic, (alert, _) in gathered.standing.items()}
    versions = {cell: gathered.rows[cell].version for cell in (CONTROLS, CREDENTIALED)}
    controls = compile_controls(gathered.rows[CONTROLS].value)
    credentialed = load_credentialed(gathered.rows[CREDENTIALED].value)
    rule_generation = load_rule_generation(gathered.rows[RULES].value)
    return [
        VersionedSnapshot(
            IncidentSnapshot(
                snapshot.incident,
                snapshot.alerts,
                {},
                controls=controls,
                credentialed=credentialed,
                ahead=gathered.ahead,
            ),
            {**versions, Cell(Table.INCIDENTS, snapshot.incident.id): b""},
            gathered.now,
            rule_generation,
            frozenset(snapshot.alerts),
            topics={topic: standing.get(topic, "") for topic in watched},
        )
        for snapshot, watched in zip(plain, topics, strict=True)
    ]
