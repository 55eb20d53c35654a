"""The JSON Schema of a destination, built from the keys that each kind of destination declares."""

from __future__ import annotations

from gateway.model.rules.destination import NO_PROXY
from gateway.outbound.kind import DestinationKind, RuleKey, ValueType
from gateway.outbound.registry import DESTINATION_KINDS
from gateway.rules.files.schema_values import DURATIONS, SECRET, TEXT, TEXTS, Schema, described, object_of


def _value(key: RuleKey) -> Schema:
    """The value of one key of a kind of destination."""
    described = {"description": key.description} if key.description else {}
    if key.type is ValueType.SECRET:
        return {**SECRET, **described}
    text = {**TEXT, "pattern": f"^({key.pattern})$"} if key.pattern else TEXT
    if key.type is ValueType.TEXT:
        return {**text, **described}
    if key.type is ValueType.ADDRESS:
        return {"oneOf": [text, SECRET], **described}
    return {"type": "array", "items": text, **({"minItems": 1} if key.missing else {}), **described}


def _integration(kind: DestinationKind) -> Schema:
    required = [name for name, key in kind.keys.items() if key.missing]
    return object_of(
        {name: _value(key) for name, key in kind.keys.items()}, *required, description=kind.integration.label
    )


DESTINATION = object_of(
    {
        **{name: _integration(kind) for name, kind in DESTINATION_KINDS.items()},
        "fallback": {**TEXTS, "description": "who is told instead while this one cannot be reached"},
        "fallback_after": described(DURATIONS, "how long this one is tried first; 2m unless given"),
        "proxy": {
            "oneOf": [{"enum": [NO_PROXY]}, SECRET],
            "description": "the proxy on the way to this destination alone; `none`: it is reached without one",
        },
    },
    oneOf=[{"required": [kind]} for kind in DESTINATION_KINDS],
)
