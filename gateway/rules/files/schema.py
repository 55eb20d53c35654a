"""A JSON Schema of the rule language, for editors (`gateway check --schema`).

What it cannot say, `gateway check` does.
"""

from __future__ import annotations

from typing import Any

from gateway.model.durations import DURATION
from gateway.model.severity import BUILT_IN_WORDS
from gateway.outbound.kind import DestinationKind, RuleKey, ValueType
from gateway.outbound.registry import KINDS
from gateway.rules.files.destinations import DESTINATION_NAME
from gateway.rules.files.reader import VARIABLE
from gateway.rules.files.sources import SOURCE_NAME

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
TEXTS: Schema = {"type": "array", "items": TEXT}
DURATIONS: Schema = {
    "type": "string",
    "pattern": f"^{DURATION}$",
    "examples": ["90s", "15m", "2h30m", "7d"],
}
SEVERITY: Schema = {"enum": list(BUILT_IN_WORDS)}
MATCHERS: Schema = {
    **TEXTS,
    "description": "Alertmanager's matchers, all must hold",
    "examples": [['team="payments"', 'severity=~"error|critical"']],
}
COUNT: Schema = {"type": "integer", "minimum": 1}


def _object(properties: Schema, *required: str, **more: Any) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": list(required),
        **more,
    }


def _map(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


SECRET = _object(
    {"env": {"type": "string", "pattern": f"^{VARIABLE}$"}},
    "env",
    description="a variable of the gateway's environment",
)
LABELS = _object(
    {
        "ignore": {**TEXTS, "description": "not part of an alert's identity"},
        "rename": _map(TEXT),
        "severity": _object({"from": TEXT, "map": _map(SEVERITY), "default": SEVERITY}),
        "service": {**TEXTS, "description": "the first label present names the service"},
        "scope": TEXTS,
        "redact": {**TEXTS, "description": "shown to no vendor"},
        "links": _object({"runbook": TEXT, "dashboard": TEXT}),
    }
)
SOURCE = _object(
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


def _value(key: RuleKey) -> Schema:
    """The value of one key of a kind of destination."""
    described = {"description": key.description} if key.description else {}
    if key.type is ValueType.SECRET:
        return {**SECRET, **described}
    text = {**TEXT, "pattern": f"^({key.pattern})$"} if key.pattern else TEXT
    if key.type is ValueType.TEXT:
        return {**text, **described}
    return {"type": "array", "items": text, **({"minItems": 1} if key.missing else {}), **described}


def _integration(kind: DestinationKind) -> Schema:
    required = [name for name, key in kind.keys.items() if key.missing]
    return _object({name: _value(key) for name, key in kind.keys.items()}, *required)


DESTINATION = _object(
    {
        **{name: _integration(kind) for name, kind in KINDS.items()},
        "fallback": {**TEXTS, "description": "who is told instead while this one cannot be reached"},
        "fallback_after": DURATIONS,
    },
    oneOf=[{"required": [kind]} for kind in KINDS],
)
CONDITIONS: Schema = {
    "type": "array",
    "minItems": 1,
    "items": {
        "oneOf": [
            _object({"severity": SEVERITY}, "severity"),
            _object({"alerts": COUNT}, "alerts"),
            _object({"match": MATCHERS}, "match"),
        ]
    },
}
HOURS: Schema = {
    "during": {**TEXTS, "description": "time intervals in which it is in force"},
    "not_during": {**TEXTS, "description": "time intervals in which it is not"},
}
RULE: Schema = {"name": TEXT, "match": MATCHERS, "owner": TEXT, "reason": TEXT, **HOURS}
ROUTE = _object(
    {
        **RULE,
        "parent": TEXT,
        "continue": {"type": "boolean"},
        "notify": {**TEXTS, "description": "destinations that show the incident and interrupt nobody"},
        "page": {**TEXTS, "description": "destinations that interrupt a person, while `page_when` holds"},
        "page_when": {"oneOf": [_object({"any": CONDITIONS}, "any"), _object({"all": CONDITIONS}, "all")]},
        "group_wait": DURATIONS,
        "update_interval": DURATIONS,
        "resolve_after": DURATIONS,
        "remind": {"oneOf": [DURATIONS, {"enum": [False, "off"]}]},
        "longest_hold": DURATIONS,
        "mute": _object({"page": TEXTS, "notify": TEXTS, "mute_critical": {"type": "boolean"}}),
        "shifts": {"type": "array", "items": _object({**HOURS, "notify": TEXTS, "page": TEXTS}, "during")},
    },
    "name",
)
CORRELATE = _object(
    {
        **RULE,
        "by": {
            **TEXTS,
            "minItems": 1,
            "description": 'labels that make one incident; ["..."] for all of them',
        },
        "window": DURATIONS,
        "stop_values": _map(TEXTS),
        "max_values": _map(COUNT),
        "max_alerts": COUNT,
    },
    "name",
)


TIMES: Schema = {"start_time": {"type": "string"}, "end_time": {"type": "string"}}
ANY_LIST: Schema = {"type": "array", "items": {"type": ["string", "integer"]}}
INTERVAL = _object(
    {
        "times": {"type": "array", "items": _object(TIMES, "start_time", "end_time")},
        "weekdays": ANY_LIST,
        "days_of_month": ANY_LIST,
        "months": ANY_LIST,
        "years": ANY_LIST,
        "location": TEXT,
    }
)
TIME_INTERVAL = _object(
    {"name": TEXT, "time_intervals": {"type": "array", "items": INTERVAL}}, "name", "time_intervals"
)
MOMENT: Schema = {"type": "string", "format": "date-time"}
MAINTENANCE = _object({**RULE, "start": MOMENT, "end": MOMENT}, "name")
SILENCES = _object(
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
INHIBIT = _object(
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


WATCHDOG = _object(
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
        **_object(
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
                "policy": _object({"closed_by_hand": DURATIONS, "silences": SILENCES, "audit": AUDIT}),
            }
        ),
    }
