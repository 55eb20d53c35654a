"""When a rule is in force: `during`, `not_during`, `time_intervals:` and `maintenance:` as they are written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

import yaml

from gateway.model.matchers import Matcher
from gateway.model.rulebook import Hours, Maintenance, Origin
from gateway.model.time_intervals import TimeInterval, TimeIntervalError
from gateway.storage.rule_files.keys import LATER_RULE, MAINTENANCE, TIME_INTERVAL
from gateway.storage.rule_files.read import Reader
from gateway.storage.rule_files.written import Written, WrittenInterval, WrittenMaintenance


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


def read_maintenance(
    reader: Reader, node: yaml.Node, within: tuple[Matcher, ...], written: Written
) -> WrittenMaintenance | None:
    given = reader.fields(node, MAINTENANCE, LATER_RULE)
    name = reader.line(given["name"]) if "name" in given else None
    if "name" not in given and isinstance(node, yaml.MappingNode):
        reader.error(node, "`name` is missing")
    match = reader.matchers(given["match"]) if "match" in given else ()
    start, end = (_moment(reader, given[key]) if key in given else 0 for key in ("start", "end"))
    hours = read_hours(reader, given, written)
    texts = {key: reader.text(given[key]) or "" for key in ("owner", "reason") if key in given}
    if start and end and end <= start:
        reader.error(given["end"], "`end` is not after `start`")
    if not end and not hours.during:
        reader.error(node, "work that never ends would hide what it matches for ever: `end` or `during` is needed")
    if not (*within, *match):
        reader.error(node, "`match` is missing: it would hide everything")
    if name is None:
        return None
    place = reader.place(node)
    origin = Origin(place.file, place.line)
    value = Maintenance(name, origin, (*within, *match), start or 0, end or 0, hours, **texts)
    return WrittenMaintenance(value, place)


def _moment(reader: Reader, node: yaml.Node) -> int:
    """ms; a time without an offset is refused: whose clock would it be?"""
    text = node.value if isinstance(node, yaml.ScalarNode) else ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        reader.error(node, f"`{text[:40]}` is no time with an offset: write it like 2026-12-01T22:00:00+01:00")
        return 0
    return int(moment.timestamp() * 1000)


def _plain(node: yaml.Node) -> object:
    """As it is written, so that `20:00` and `010` mean what Alertmanager takes them for."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    return None if node.tag == "tag:yaml.org,2002:null" else str(node.value)
