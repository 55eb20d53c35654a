"""The JSON Schema of a route: who is told of which alert, and when."""

from __future__ import annotations

from gateway.rules.files.schema_values import (
    COUNT,
    DURATIONS,
    HOURS,
    MATCHERS,
    RULE,
    SEVERITY,
    TEXT,
    TEXTS,
    Schema,
    described,
    object_of,
)

CONDITIONS: Schema = {
    "type": "array",
    "minItems": 1,
    "items": {
        "oneOf": [
            object_of({"severity": described(SEVERITY, "at least as bad as this")}, "severity"),
            object_of({"alerts": described(COUNT, "so many different alerts fire")}, "alerts"),
            object_of({"match": described(MATCHERS, "an alert that all of these match")}, "match"),
        ]
    },
}
NOTIFY = described(TEXTS, "destinations that show the incident and interrupt nobody")
PAGE = described(TEXTS, "destinations that interrupt a person, while `page_when` holds")
ROUTE = object_of(
    {
        **RULE,
        "parent": described(TEXT, "the route above, in any file; its keys are inherited"),
        "continue": described({"type": "boolean"}, "the siblings after it are looked at too"),
        "notify": NOTIFY,
        "page": PAGE,
        "page_when": {
            "oneOf": [
                object_of({"any": described(CONDITIONS, "one of these is enough")}, "any"),
                object_of({"all": described(CONDITIONS, "all of these must hold")}, "all"),
            ],
            "description": "when `page` interrupts; always, unless given",
        },
        "group_wait": described(DURATIONS, "the wait before the first notification; 10s unless given"),
        "update_interval": described(DURATIONS, "at most one edit in this time; 30s unless given"),
        "resolve_after": described(DURATIONS, "the quiet time before the end is told"),
        "remind": {
            "oneOf": [DURATIONS, {"enum": [False, "off"]}],
            "description": "what still fires and nobody has is said again, each time after so long",
        },
        "longest_hold": described(DURATIONS, "no critical alert waits longer than this; 5m unless given"),
        "mute": object_of(
            {
                "page": described(TEXTS, "time intervals in which nobody is paged"),
                "notify": described(TEXTS, "time intervals in which nobody is shown the incident"),
                "mute_critical": described({"type": "boolean"}, "critical alerts are kept quiet as well"),
            },
            description="when the route is quiet",
        ),
        "shifts": {
            "type": "array",
            "items": object_of({**HOURS, "notify": NOTIFY, "page": PAGE}, "during"),
            "description": "destinations that are told during these hours, besides the route's own",
        },
        "escalate": {
            "type": "array",
            "items": object_of(
                {
                    **HOURS,
                    "after": described(
                        DURATIONS, "from the first call of the route, else from its first telling"
                    ),
                    "unless": {"enum": ["acknowledged"], "description": "not while somebody has it"},
                    "notify": NOTIFY,
                    "page": described(TEXTS, "destinations that interrupt a person"),
                },
                "after",
            ),
            "description": "whom to tell, too, while nobody takes it",
        },
    },
    "name",
)
