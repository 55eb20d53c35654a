"""An incident's snapshot as it was read: a commit that rests on it expects the versions of what was read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.model.changes import Cell, Table
from gateway.model.ledger import ledger_cell
from gateway.model.refusals import NO_REFUSALS, Refusals
from gateway.model.rule_generation import RuleGeneration


@dataclass(frozen=True, slots=True)
class VersionedSnapshot:
    """An incident's snapshot with the versions of what was read for it.

    `topics` has the topics that the members' rules name, each with the alert that stands there (empty: none).
    `refusals` are the destinations that refuse everything now.
    """

    snapshot: IncidentSnapshot
    versions: Mapping[Cell, bytes]
    now: int
    rule_generation: RuleGeneration
    newest: frozenset[str]  # the episodes that are their alerts' newest
    topics: Mapping[str, str] = field(default_factory=dict)
    awaited: tuple[Cell, ...] = ()  # the heartbeats that its ends wait for
    refusals: Refusals = NO_REFUSALS

    def expect(self, incident: str, *targets: str) -> dict[Cell, bytes]:
        """Return the versions that a commit has to find unchanged.

        They are those of the incident, of these ledgers and of the awaited heartbeats.
        """
        ledgers = [ledger_cell(incident, target) for target in targets]
        cells = [Cell(Table.INCIDENTS, incident), *ledgers, *self.awaited]
        return {cell: self.versions.get(cell, b"") for cell in cells}
