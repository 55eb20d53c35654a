"""A JSON Schema of the rule language, for editors (`gateway check --schema`).

What it cannot say, `gateway check` does.
"""

from __future__ import annotations

from gateway.rules.files.destinations import DESTINATION_NAME
from gateway.rules.files.schema_destinations import DESTINATION
from gateway.rules.files.schema_times import MAINTENANCE, TIME_INTERVAL
from gateway.rules.files.schema_values import (
    COUNT,
    DURATIONS,
    HOURS,
    MATCHERS,
    RULE,
    SECRET,
    SEVERITY,
    TEXT,
    TEXTS,
    Schema,
    map_of,
    object_of,
)
from gateway.rules.files.sources import SOURCE_NAME

LABELS = object_of(
    {
        "ignore": {**TEXTS, "description": "not part of an alert's identity"},
        "rename": map_of(TEXT),
        "severity": object_of({"from": TEXT, "map": map_of(SEVERITY), "default": SEVERITY}),
        "service": {**TEXTS, "description": "the first label present names the service"},
        "scope": TEXTS,
        "redact": {**TEXTS, "description": "shown to no vendor"},
        "links": object_of({"runbook": TEXT, "dashboard": TEXT}),
    }
)
SOURCE = object_of(
    {
        "name": {"type": "string", "pattern": f"^{SOURCE_NAME}$"},
        "match": {**MATCHERS, "description": "what it may send"},
        "token": SECRET,
        "alertmanager": {"type": "array", "items": SECRET, "description": "the addresses of its HA peers"},
        "receiver": {**TEXT, "description": "only alerts that Alertmanager routes to this receiver count"},
        "group_interval": DURATIONS,
        "repeat_interval": DURATIONS,
        "stale_after": {
            **DURATIONS,
            "description": "without a word for so long, an alert is taken for ended",
        },
    },
    "name",
)


CONDITIONS: Schema = {
    "type": "array",
    "minItems": 1,
    "items": {
        "oneOf": [
            object_of({"severity": SEVERITY}, "severity"),
            object_of({"alerts": COUNT}, "alerts"),
            object_of({"match": MATCHERS}, "match"),
        ]
    },
}
ROUTE = object_of(
    {
        **RULE,
        "parent": TEXT,
        "continue": {"type": "boolean"},
        "notify": {**TEXTS, "description": "destinations that show the incident and interrupt nobody"},
        "page": {**TEXTS, "description": "destinations that interrupt a person, while `page_when` holds"},
        "page_when": {
            "oneOf": [object_of({"any": CONDITIONS}, "any"), object_of({"all": CONDITIONS}, "all")]
        },
        "group_wait": DURATIONS,
        "update_interval": DURATIONS,
        "resolve_after": DURATIONS,
        "remind": {"oneOf": [DURATIONS, {"enum": [False, "off"]}]},
        "longest_hold": DURATIONS,
        "mute": object_of({"page": TEXTS, "notify": TEXTS, "mute_critical": {"type": "boolean"}}),
        "shifts": {"type": "array", "items": object_of({**HOURS, "notify": TEXTS, "page": TEXTS}, "during")},
    },
    "name",
)
CORRELATE = object_of(
    {
        **RULE,
        "by": {
            **TEXTS,
            "minItems": 1,
            "description": 'labels that make one incident; ["..."] for all of them',
        },
        "window": DURATIONS,
        "stop_values": map_of(TEXTS),
        "max_values": map_of(COUNT),
        "max_alerts": COUNT,
    },
    "name",
)


SILENCES = object_of(
    {
        "longest": DURATIONS,
        "reason": {"enum": ["optional", "required"]},
        "ticket": {**TEXT, "description": "a pattern of RE2 that the whole ticket has to match"},
        "critical": {"enum": ["allowed", "four_eyes"]},
        "warn_share": {"type": "number", "minimum": 0, "maximum": 1},
        "unmatched": DURATIONS,
    }
)
AUDIT: Schema = {**TEXTS, "description": "webhook destinations that are sent every verdict and action"}
INHIBIT = object_of(
    {
        "name": TEXT,
        "source_matchers": {**MATCHERS, "description": "alerts that keep others quiet while they fire"},
        "target_matchers": {**MATCHERS, "description": "alerts that are told to nobody meanwhile"},
        "equal": {**TEXTS, "description": "labels in which both agree"},
        "wait": {**DURATIONS, "description": "how long an alert is held back for one that comes late"},
        "owner": TEXT,
        "reason": TEXT,
        **HOURS,
    },
    "name",
    "source_matchers",
)


WATCHDOG = object_of(
    {
        **RULE,
        "every": {**DURATIONS, "description": "the longest silence between two heartbeats"},
        "source": {**TEXT, "description": "the source whose heartbeat it is"},
        "notify": {**TEXTS, "description": "who is shown that it is missing; by the routes, unless given"},
        "page": {**TEXTS, "description": "who is paged then; by the routes, unless given"},
        "hold_resolves": {
            "type": "boolean",
            "description": "ends from this source wait for a heartbeat newer than themselves",
        },
    },
    "name",
    "match",
    "every",
)


def rules_schema() -> Schema:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rules of the alert gateway",
        **object_of(
            {
                "within": {**MATCHERS, "description": "added to every rule of this file"},
                "partition_by": {
                    "type": "array",
                    "items": TEXT,
                    "description": (
                        "labels that keep alerts apart: those of different partitions never correlate or inhibit"
                    ),
                },
                "labels": LABELS,
                "sources": {"type": "array", "items": SOURCE},
                "destinations": {
                    "type": "object",
                    "additionalProperties": False,
                    "patternProperties": {f"^{DESTINATION_NAME}$": DESTINATION},
                },
                "routes": {"type": "array", "items": ROUTE},
                "correlate": {"type": "array", "items": CORRELATE},
                "time_intervals": {"type": "array", "items": TIME_INTERVAL},
                "maintenance": {"type": "array", "items": MAINTENANCE},
                "inhibit": {"type": "array", "items": INHIBIT},
                "watchdogs": {"type": "array", "items": WATCHDOG},
                "policy": object_of({"closed_by_hand": DURATIONS, "silences": SILENCES, "audit": AUDIT}),
            }
        ),
    }
