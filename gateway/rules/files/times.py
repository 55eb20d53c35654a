"""When a rule is in force: `during`, `not_during` and `time_intervals:` as they are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import yaml

from gateway.model.rules.route import Hours
from gateway.model.time_intervals import TimeInterval, TimeIntervalError
from gateway.rules.files.keys import TIME_INTERVAL
from gateway.rules.files.raw import Written, WrittenInterval
from gateway.rules.files.reader import Reader


def read_hours(reader: Reader, given: Mapping[str, yaml.Node], written: Written) -> Hours:
    """The names are looked up when all files are read."""
    names: dict[str, tuple[str, ...]] = {}
    for key in ("during", "not_during"):
        found = reader.references(given[key]) if key in given else ()
        written.intervals_named += found
        names[key] = tuple(one.name for one in found)
    return Hours(names["during"], names["not_during"])


def read_interval(reader: Reader, node: yaml.Node) -> WrittenInterval | None:
    """One name with its list, as in Alertmanager's configuration."""
    given = reader.fields(node, TIME_INTERVAL)
    name = reader.line(given["name"]) if "name" in given else None
    if "name" not in given and isinstance(node, yaml.MappingNode):
        reader.error(node, "`name` is missing")
    if "time_intervals" not in given:
        reader.error(node, "`time_intervals` is missing: [{times: […], weekdays: […]}]")
        return None
    intervals = []
    for item in reader.items(given["time_intervals"]):
        try:
            intervals.append(TimeInterval.parse(cast("Mapping[str, object]", _plain(item))))
        except TimeIntervalError as error:
            reader.error(item, str(error))
    return WrittenInterval(name, reader.place(node), tuple(intervals)) if name is not None else None


def _plain(node: yaml.Node) -> object:
    """As it is written, so that `20:00` and `010` mean what Alertmanager takes them for."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    return None if node.tag == "tag:yaml.org,2002:null" else str(node.value)
