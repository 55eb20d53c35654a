"""All that a report is made from: events, the compacted days before them, and what is known to be missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.model.statistics.compacted import CompactedDay
from gateway.model.statistics.events import AnyEvent
from gateway.model.statistics.incident_state import IncidentState


@dataclass(frozen=True, slots=True)
class History:
    """What the store keeps. Events may come in any order, and twice.

    `days` follow each other without a gap, and the events begin where they end. `followed` are the incidents
    that were open when a day of theirs was compacted. `missing` are the reasons why something was dropped.
    """

    events: Sequence[AnyEvent] = ()
    days: Sequence[CompactedDay] = ()
    followed: Mapping[str, IncidentState] = field(default_factory=dict)
    seed: str = ""
    missing: Sequence[str] = ()

    @property
    def exact_since(self) -> int | None:
        """Return where the compacted days end (ms), None where there are none."""
        return max((day.end for day in self.days), default=None)
