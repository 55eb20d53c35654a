"""The JSON Schema of values that many sections of the rule language share, such as texts and durations."""

from __future__ import annotations

from typing import Any

from gateway.model.durations import DURATION
from gateway.model.severity import BUILT_IN_WORDS
from gateway.rules.files.reader import VARIABLE

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


def described(schema: Schema, description: str) -> Schema:
    """Return the schema with the sentence that an editor shows beside the key."""
    return {**schema, "description": description}


def object_of(properties: Schema, *required: str, **more: Any) -> Schema:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "required": list(required),
        **more,
    }


def list_of(items: Schema, description: str) -> Schema:
    return {"type": "array", "items": items, "description": description}


def map_of(values: Schema) -> Schema:
    return {"type": "object", "additionalProperties": values}


SECRET = object_of(
    {
        "env": {
            "type": "string",
            "pattern": f"^{VARIABLE}$",
            "description": "the variable's name, never its value",
        }
    },
    "env",
    description="a variable of the gateway's environment",
)
HOURS: Schema = {
    "during": {**TEXTS, "description": "time intervals in which it is in force"},
    "not_during": {**TEXTS, "description": "time intervals in which it is not"},
}
RULE: Schema = {
    "name": described(TEXT, "unique among the rules of its kind; people read it in messages"),
    "match": MATCHERS,
    "owner": described(TEXT, "whose rule it is, shown to people"),
    "reason": described(TEXT, "why the rule is there, shown to people"),
    **HOURS,
}
