"""A JSON Schema of the rule language, for editors (`gateway check --schema`).

Rules that a schema cannot express are checked by `gateway check`. `gateway init` writes the schema beside the
rules.
"""

from __future__ import annotations

from gateway.rules.files.destinations import DESTINATION_NAME
from gateway.rules.files.schema_destinations import DESTINATION
from gateway.rules.files.schema_policy import POLICY
from gateway.rules.files.schema_precision import PRECISION
from gateway.rules.files.schema_routes import ROUTE
from gateway.rules.files.schema_times import MAINTENANCE, TIME_INTERVAL
from gateway.rules.files.schema_values import (
    COUNT,
    DURATIONS,
    MATCHERS,
    RULE,
    SECRET,
    SEVERITY,
    TEXT,
    TEXTS,
    Schema,
    described,
    list_of,
    map_of,
    object_of,
)
from gateway.rules.files.sources import SOURCE_NAME

SCHEMA_ID = "urn:alert-gateway:rules"

LABELS = object_of(
    {
        "ignore": described(TEXTS, "labels that are not part of an alert's identity"),
        "rename": described(map_of(TEXT), "{old name: new name}, before anything else reads the labels"),
        "severity": object_of(
            {
                "from": described(TEXT, "the label that says how bad it is; severity unless given"),
                "map": described(map_of(SEVERITY), "the sender's own words, each with what it means here"),
                "default": described(SEVERITY, "for an alert without a word that is known"),
            },
            description="how the sender's word for how bad it is is read",
        ),
        "service": described(TEXTS, "the first label present names the service"),
        "thing": described(TEXTS, "labels that a title names first, before the built-in ones"),
        "scope": described(TEXTS, "labels that are shown first when a message says where"),
        "redact": described(TEXTS, "labels whose values no vendor is shown"),
        "links": object_of(
            {
                "runbook": described(TEXT, "the annotation with the runbook's address"),
                "dashboard": described(TEXT, "the annotation with the dashboard's address"),
            },
            description="the annotations that hold links",
        ),
    },
    description="how the labels of alerts are read",
)
SOURCE = object_of(
    {
        "name": {"type": "string", "pattern": f"^{SOURCE_NAME}$", "description": "unique among the sources"},
        "match": described(MATCHERS, "what it may send"),
        "token": described(SECRET, "the variable with its token, or with several, separated by commas"),
        "alertmanager": {"type": "array", "items": SECRET, "description": "the addresses of its HA peers"},
        "receiver": described(TEXT, "only alerts that Alertmanager routes to this receiver count"),
        "group_interval": described(DURATIONS, "of its route to the gateway in alertmanager.yml"),
        "repeat_interval": described(DURATIONS, "of its route to the gateway in alertmanager.yml"),
        "stale_after": described(DURATIONS, "without a word for so long, an alert is taken for ended"),
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
        "window": described(DURATIONS, "how long an incident takes more alerts, from its newest alert on"),
        "stop_values": described(map_of(TEXTS), "{label: [values]} that would bring strangers together"),
        "max_values": described(map_of(COUNT), "{label: how many different values one incident takes}"),
        "max_alerts": described(COUNT, "how many alerts one incident takes; 500 unless given"),
    },
    "name",
)


INHIBIT = object_of(
    {
        **{key: value for key, value in RULE.items() if key != "match"},
        "source_matchers": described(MATCHERS, "alerts that keep others quiet while they fire"),
        "target_matchers": described(MATCHERS, "alerts that are told to nobody meanwhile"),
        "equal": described(TEXTS, "labels in which both agree"),
        "wait": described(DURATIONS, "how long an alert is held back for one that comes late"),
    },
    "name",
    "source_matchers",
)


WATCHDOG = object_of(
    {
        **RULE,
        "every": described(DURATIONS, "the longest silence between two heartbeats"),
        "source": described(TEXT, "the source whose heartbeat it is"),
        "notify": described(TEXTS, "who is shown that it is missing; by the routes, unless given"),
        "page": described(TEXTS, "who is paged then; by the routes, unless given"),
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
        "$id": SCHEMA_ID,
        "title": "Rules of the alert gateway",
        **object_of(
            {
                "within": described(MATCHERS, "added to every rule of this file"),
                "partition_by": {
                    "type": "array",
                    "items": TEXT,
                    "description": (
                        "labels that keep alerts apart: those of different partitions never correlate or inhibit"
                    ),
                },
                "labels": LABELS,
                "sources": list_of(SOURCE, "the Alertmanagers that may send, each with its own rights"),
                "destinations": {
                    "type": "object",
                    "additionalProperties": False,
                    "patternProperties": {f"^{DESTINATION_NAME}$": DESTINATION},
                    "description": "who can be told, by name",
                },
                "routes": list_of(ROUTE, "who is told of which alert; the first that matches wins"),
                "correlate": list_of(CORRELATE, "which alerts are one incident; the first that matches wins"),
                "time_intervals": list_of(TIME_INTERVAL, "named times, as in Alertmanager"),
                "maintenance": list_of(MAINTENANCE, "announced work: nobody is told of what it covers"),
                "inhibit": list_of(INHIBIT, "alerts that keep their consequences quiet"),
                "watchdogs": list_of(WATCHDOG, "heartbeats whose absence is an alert"),
                "policy": POLICY,
                "precision": PRECISION,
            }
        ),
    }
