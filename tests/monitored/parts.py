"""All parts of the walk."""

from __future__ import annotations

from tests.monitored import (
    lead_to_answers,
    lead_to_hanging,
    lead_to_own_work,
    lead_to_people,
    lead_to_reasons,
    lead_to_sources,
    lead_to_statuses,
    lead_to_work,
)
from tests.monitored.walk import PARTS

__all__ = [
    "PARTS",
    "lead_to_answers",
    "lead_to_hanging",
    "lead_to_own_work",
    "lead_to_people",
    "lead_to_reasons",
    "lead_to_sources",
    "lead_to_statuses",
    "lead_to_work",
]
