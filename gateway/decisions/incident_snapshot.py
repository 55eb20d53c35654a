"""A snapshot of an incident: the incident with everything that was read to decide about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.decisions.controls import NO_CONTROLS, CompiledControls
from gateway.decisions.partition import partition_of
from gateway.model.alert import Alert
from gateway.model.incident import Incident
from gateway.model.instants import when
from gateway.model.ledger import Ledger
from gateway.model.members import Member


@dataclass(frozen=True, slots=True)
class EarlierIncident:
    """An incident that was full, and its ledgers by target."""

    incident: Incident
    ledgers: Mapping[str, Ledger]


@dataclass(frozen=True, slots=True)
class IncidentSnapshot:
    """An incident, its `alerts` by episode id, its `ledgers` by target, and what else decides about it.

    `closed_lanes` holds the targets whose lane the vendor has closed, with the time (ms) at which it did
    so; nothing is sent there meanwhile. `topic_sources` holds, for each topic that the incident
    subscribes to, an alert that fires there and may inhibit members. `controls` are the silences, the
    pause and the bypass. `heartbeats` holds the time (ms) of the last heartbeat of each watchdog that
    holds ends back. `credentialed` holds the kinds of destinations that ever had a credential. `earlier`
    are the full incidents that this one continues, `later` those that continue this one. `paged_sources`
    are those of `topic_sources` (by alert id) that people were paged for and that are open; it is read
    while members are first inhibited. `ahead` is how far what people call the time is ahead of `now`
    (ms): 0 unless a clock was stepped. `joined` are the members that have joined since the last plan
    where nothing else is new: then `alerts` has theirs alone. It is None where every member was read.
    """

    incident: Incident
    alerts: Mapping[str, Alert]
    ledgers: Mapping[str, Ledger]
    closed_lanes: Mapping[str, int] = field(default_factory=dict)
    topic_sources: Mapping[str, Alert] = field(default_factory=dict)
    controls: CompiledControls = NO_CONTROLS
    heartbeats: Mapping[str, int] = field(default_factory=dict)
    credentialed: frozenset[str] = frozenset()
    earlier: tuple[EarlierIncident, ...] = ()
    later: tuple[Incident, ...] = ()
    paged_sources: frozenset[str] = frozenset()
    ahead: int = 0
    joined: tuple[Member, ...] | None = None

    def partition(self, by: Sequence[str]) -> tuple[str, ...]:
        """Return the values of the labels `by`, which are the same for every member. Alerts must have been read."""
        return partition_of(next(iter(self.alerts.values())).labels, by)

    @property
    def members(self) -> Sequence[Member]:
        """The members that are looked at."""
        return self.incident.members if self.joined is None else self.joined

    def wall(self, now: int) -> int:
        """Return what people call the time `now`: silences, pauses and calendars go by that."""
        return now + self.ahead

    def when(self, wall: int | None, now: int) -> int | None:
        """Return when to look again at what changes once people call the time `wall` (ms)."""
        return when(wall, now, self.ahead)

    @property
    def firing(self) -> list[Alert]:
        return [alert for alert in self.alerts.values() if alert.firing]

    @property
    def shown_firing(self) -> list[Alert]:
        """Return the alerts that people see as firing: those that fire, and those whose end is held back."""
        held = [
            ledger.last_notified.members for ledger in self.ledgers.values() if ledger.status_counts.ends_held
        ]
        return [
            alert
            for name, alert in self.alerts.items()
            if alert.firing or any(members.get(name) for members in held)
        ]
