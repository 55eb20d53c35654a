"""Read the section `time_intervals:`, and the keys `during` and `not_during` of rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import yaml

from gateway.model.rules.route import ALWAYS, Hours
from gateway.model.time_intervals import TimeInterval, TimeIntervalError
from gateway.rules.files.keys import TIME_INTERVAL
from gateway.rules.files.raw import RawInterval, RawRules
from gateway.rules.files.reader import Reader


def read_hours(reader: Reader, given: Mapping[str, yaml.Node], raw: RawRules) -> Hours:
    """Read `during` and `not_during`. Their names are checked when all files have been read."""
    if "during" not in given and "not_during" not in given:
        return ALWAYS
    names: dict[str, tuple[str, ...]] = {}
    for key in ("during", "not_during"):
        found = reader.references(given[key]) if key in given else ()
        raw.intervals_named += found
        names[key] = tuple(reference.name for reference in found)
    return Hours(names["during"], names["not_during"])


def read_interval(reader: Reader, node: yaml.Node) -> RawInterval | None:
    """Read a named list of intervals, as in Alertmanager's configuration."""
    given = reader.fields(node, TIME_INTERVAL)
    name = reader.line(given["name"]) if "name" in given else None
    if "name" not in given and isinstance(node, yaml.MappingNode):
        reader.error(node, "`name` is missing")
    # A name without a list would be an interval that never holds.
    if "time_intervals" not in given:
        reader.error(node, "`time_intervals` is missing: [{times: […], weekdays: […]}]")
        return None
    intervals = []
    for item in reader.items(given["time_intervals"]):
        try:
            intervals.append(TimeInterval.parse(cast("Mapping[str, object]", _plain(item))))
        except TimeIntervalError as error:
            reader.error(item, str(error))
    return RawInterval(name, reader.place(node), tuple(intervals)) if name is not None else None


def _plain(node: yaml.Node) -> object:
    """Return a node as plain texts, so that `20:00` and `010` mean what Alertmanager takes them for."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    return None if node.tag == "tag:yaml.org,2002:null" else str(node.value)
