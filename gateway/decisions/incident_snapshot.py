"""A case: an incident with everything that was read for deciding on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.decisions.controls import NO_CONTROLS, CompiledControls
from gateway.model.alert import Alert
from gateway.model.incident import Incident
from gateway.model.ledger import Ledger


@dataclass(frozen=True, slots=True)
class IncidentSnapshot:
    """`alerts` by episode id, `ledgers` by target.

    `closed`: since when (ms) a target's lane is closed by its vendor, so that nothing is even tried there. `standing`: by post,
    the alert that was found there, which may keep members quiet. `controls`: what people ordered, silences for instance.
    `heartbeats`: the last heartbeat (ms) of each watchdog that holds ends back.
    """

    incident: Incident
    alerts: Mapping[str, Alert]
    ledgers: Mapping[str, Ledger]
    closed: Mapping[str, int] = field(default_factory=dict)
    standing: Mapping[str, Alert] = field(default_factory=dict)
    controls: CompiledControls = NO_CONTROLS
    heartbeats: Mapping[str, int] = field(default_factory=dict)

    @property
    def firing(self) -> list[Alert]:
        return [alert for alert in self.alerts.values() if alert.firing]

    @property
    def shown_firing(self) -> list[Alert]:
        """Also what ended and was not told so yet, because its end is held back."""
        held = [one.last_notified.members for one in self.ledgers.values() if one.status_counts.ends_held]
        return [alert for name, alert in self.alerts.items() if alert.firing or any(members.get(name) for members in held)]
