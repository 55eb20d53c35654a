"""Read the section `labels:`."""

from __future__ import annotations

from typing import Any

import yaml

from gateway.model.rules.rulebook import LabelRules, SeverityRule
from gateway.model.severity import BUILT_IN_WORDS
from gateway.rules.files.keys import LABELS
from gateway.rules.files.reader import Reader


def read_labels(reader: Reader, node: yaml.Node) -> LabelRules:
    given = reader.fields(node, LABELS)
    read: dict[str, Any] = {}
    for name in ("ignore", "redact"):
        if name in given:
            read[name] = frozenset(reader.texts(given[name]))
    for name in ("service", "thing", "scope"):
        if name in given:
            read[name] = reader.texts(given[name])
    for name in ("rename", "links"):
        if name in given:
            read[name] = reader.mapping(given[name], reader.text)
    # Messages have a place for these two links only; any other would never be shown.
    unknown = set(read.get("links", {})) - {"runbook", "dashboard"}
    if unknown:
        reader.error(given["links"], f"unknown link `{min(unknown)}`: runbook and dashboard are known")
    if "links" in read:
        read["links"] = {**LabelRules().links, **read["links"]}
    if "severity" in given:
        read["severity"] = _read_severity_rule(reader, given["severity"])
    return LabelRules(**read)


def _read_severity_rule(reader: Reader, node: yaml.Node) -> SeverityRule:
    given = reader.fields(node, ("from", "map", "default"))
    read: dict[str, Any] = {}
    if "from" in given and (label := reader.text(given["from"])):
        read["label"] = label
    if "map" in given:
        added = reader.mapping(given["map"], reader.severity)
        # The map adds to the built-in words, so that `critical` stays critical whatever the map leaves out.
        read["words"] = {**BUILT_IN_WORDS, **{word.strip().lower(): step for word, step in added.items()}}
    if "default" in given and (step := reader.severity(given["default"])) is not None:
        read["default"] = step
    return SeverityRule(**read)
