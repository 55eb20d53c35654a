"""The JSON Schema of the section `precision:`."""

from __future__ import annotations

from gateway.model.statistics.settings import ACTIONABLE_WORDS, HUMAN_LABEL, PERSONS_MODES
from gateway.rules.files.precision import WEEKLY_MOMENT
from gateway.rules.files.schema_values import COUNT, DURATIONS, TEXT, TEXTS, described, map_of, object_of

BUDGET = object_of(
    {
        "pages": described(COUNT, "so many calls are within the budget; 2 unless given"),
        "per": described(DURATIONS, "in this time; 12h unless given"),
    },
    description="how often one person on call may be called",
)
RESOLVED_BY_ITSELF = object_of(
    {
        "resolved_by_itself_within": described(DURATIONS, "what ends by itself so soon was noise"),
        "unless": {"const": "acknowledged", "description": "a person touched it"},
    },
    "resolved_by_itself_within",
)
DIGEST = object_of(
    {
        "at": {
            "type": "string",
            "pattern": f"^{WEEKLY_MOMENT}$",
            "description": "a day and a time, such as monday 09:00",
        },
        "location": described(TEXT, "the time zone of that; UTC unless given"),
        "to": described(map_of(TEXTS), "the destinations of each team"),
    },
    "at",
    "to",
    description="a weekly report for each team",
)
PRECISION = object_of(
    {
        "target": {
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "description": "the share of pages that should be actionable; 0.95 unless given",
        },
        "budget": BUDGET,
        "actionable": {
            "type": "array",
            "items": {"enum": list(ACTIONABLE_WORDS)},
            "uniqueItems": True,
            "description": "what says that a page was worth it, in the order of its trust",
        },
        "noise": {
            "type": "array",
            "items": {"oneOf": [{"const": HUMAN_LABEL}, RESOLVED_BY_ITSELF]},
            "description": "what says that a page was not worth it",
        },
        "cutoff": described(
            DURATIONS, "labels count up to so long after the page; 14d unless given, 60d at most"
        ),
        "miss_within": described(
            DURATIONS, "what was kept quiet was missed if it pages so soon after; 2h unless given"
        ),
        "persons": {
            "enum": [*PERSONS_MODES, False],
            "description": "who sees how often whom was called; self unless given",
        },
        "note_prefix": described(
            TEXT, "a PagerDuty note that begins with it is a label; alert: unless given"
        ),
        "digest": DIGEST,
    },
    description="how pages are judged and counted",
)
