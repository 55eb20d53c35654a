"""Read the section `correlate:`."""

from __future__ import annotations

from typing import Any

import yaml

from gateway.model.matchers import Matcher
from gateway.model.rules.kinds import ALL_LABELS, CorrelateRule
from gateway.rules.files.keys import CORRELATE, LATER_CORRELATE
from gateway.rules.files.raw import RawCorrelate, RawRules
from gateway.rules.files.reader import Reader
from gateway.rules.files.rule_fields import rule_name
from gateway.rules.files.times import read_hours


def read_correlate(
    reader: Reader, node: yaml.Node, within: tuple[Matcher, ...], raw: RawRules
) -> RawCorrelate | None:
    given = reader.fields(node, CORRELATE, LATER_CORRELATE)
    name = rule_name(reader, node, given)
    read: dict[str, Any] = {"window": reader.duration(given["window"]) if "window" in given else None}
    read["hours"] = read_hours(reader, given, raw)
    for text in ("owner", "reason"):
        if text in given:
            read[text] = reader.text(given[text]) or ""
    if "by" in given:
        read["by"] = reader.texts(given["by"])
        if not read["by"]:
            reader.error(given["by"], '`by` needs labels, or ["..."] for all of them')
        # Beside "...", further labels change nothing: one of the two is a mistake.
        if ALL_LABELS in read["by"] and len(read["by"]) > 1:
            reader.error(given["by"], '"..." already means all labels')
    if "stop_values" in given:
        read["stop_values"] = reader.mapping(
            given["stop_values"], lambda value: frozenset(reader.texts(value))
        )
    if "max_values" in given:
        read["max_values"] = reader.mapping(given["max_values"], reader.whole)
    if "max_alerts" in given and (most := reader.whole(given["max_alerts"], 1, 5_000)) is not None:
        read["max_alerts"] = most
    match = reader.matchers(given["match"]) if "match" in given else ()
    if name is None:
        return None
    place = reader.place(node)
    return RawCorrelate(CorrelateRule(name, place.origin, (*within, *match), **read), place)
