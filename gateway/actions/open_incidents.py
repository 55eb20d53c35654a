"""Read incidents for people who ask: one of them, or a line for each that is open."""

from __future__ import annotations

from dataclasses import replace

from gateway.decisions.delivery.redaction import redact_alert
from gateway.decisions.delivery.thing import thing_of
from gateway.decisions.delivery.titles import what_and_where
from gateway.decisions.keeper import keeper_of
from gateway.decisions.policy import Policy
from gateway.model.changes import Cell, Table
from gateway.model.durations import spoken
from gateway.model.records import load_incident
from gateway.model.rules.rulebook import LabelRules
from gateway.model.severity import Severity
from gateway.outbound.slack.text import escape, running
from gateway.state.paging import pages
from gateway.state.shards import Shards
from gateway.state.snapshots import read_snapshot, read_snapshots
from gateway.state.versioned_snapshot import VersionedSnapshot

MAX_LISTED = 30
MAX_TITLE = 120


async def read_incident(
    shards: Shards, incident: str, policy: Policy | None = None
) -> VersionedSnapshot | None:
    """Read an incident from whichever shard has it. Raises `StateUnavailable`."""
    state = await shards.holding(Cell(Table.INCIDENTS, incident))
    return await read_snapshot(state, incident, policy)


async def list_open(shards: Shards, policy: Policy, redact_key: bytes = b"") -> list[str]:
    """Return a line for each incident that fires, the worst and oldest first. Raises `StateUnavailable`.

    `redact_key` is that of the hashes of what the rules hide.
    """
    labels = replace(policy.rules.labels, redact_key=redact_key)
    found: dict[str, tuple[tuple[int, int], str]] = {}
    for state in shards.states:
        async for rows in pages(state, Table.INCIDENTS):
            incidents = [load_incident(row.value) for row in rows.values()]
            firing = [one.id for one in incidents if one.firing and not one.resolved_at]
            # Slack waits two seconds for the list: a page of incidents is read at once.
            for versioned in await read_snapshots(state, firing) if firing else []:
                if versioned is not None:
                    found[versioned.snapshot.incident.id] = _line(versioned, policy, labels)
    lines = [line for _, line in sorted(found.values())]
    more = [f"… and {len(lines) - MAX_LISTED} more: `gateway incidents`"] if len(lines) > MAX_LISTED else []
    return [*lines[:MAX_LISTED], *more]


def _line(versioned: VersionedSnapshot, policy: Policy, labels: LabelRules) -> tuple[tuple[int, int], str]:
    """Return by what an incident is sorted, and its line: how bad, what, for how long, and who has it."""
    incident = versioned.snapshot.incident
    # A chat is a vendor's: what the rules hide from vendors is hidden.
    shown = [redact_alert(alert, labels) for alert in versioned.snapshot.firing]
    firing = sorted(shown, key=lambda alert: (-alert.severity, alert.started_at or 0))
    title = what_and_where([(alert, thing_of(alert.labels, labels), True) for alert in firing], labels)[
        "title"
    ]
    worst = max((alert.severity for alert in firing), default=Severity.NONE)
    who = keeper_of(versioned.snapshot, policy, versioned.now)
    # As the incident's message says it, which may be long before the gateway heard of it.
    since = min(
        (alert.started_at for alert in firing if alert.started_at is not None), default=incident.opened_at
    )
    length = spoken(max(versioned.snapshot.wall(versioned.now) - since, 0))
    line = f"{worst.sign} `{incident.id}` {running(title, MAX_TITLE)} · {length} · {escape(who)}"
    return (-worst, since), line
