"""What keeps people from being told: `maintenance:` and `inhibit:` as they are written."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import yaml

from gateway.model.matchers import Matcher
from gateway.model.rules.kinds import InhibitRule, Maintenance
from gateway.model.rules.origin import Origin
from gateway.rules.files.keys import INHIBIT, LATER_RULE, MAINTENANCE
from gateway.rules.files.raw import Written, WrittenInhibit, WrittenMaintenance
from gateway.rules.files.reader import Reader
from gateway.rules.files.times import read_hours


def read_maintenance(
    reader: Reader, node: yaml.Node, within: tuple[Matcher, ...], written: Written
) -> WrittenMaintenance | None:
    given = reader.fields(node, MAINTENANCE, LATER_RULE)
    name = _name(reader, node, given)
    match = _matchers(reader, node, given, "match", "" if within else "hide everything")
    start, end = (_moment(reader, given[key]) if key in given else 0 for key in ("start", "end"))
    hours = read_hours(reader, given, written)
    texts = {key: reader.text(given[key]) or "" for key in ("owner", "reason") if key in given}
    if start and end and end <= start:
        reader.error(given["end"], "`end` is not after `start`")
    if not end and not hours.during:
        reader.error(node, "work that never ends would hide what it matches for ever: `end` or `during` is needed")
    if name is None:
        return None
    place = reader.place(node)
    origin = Origin(place.file, place.line)
    value = Maintenance(name, origin, (*within, *match), start or 0, end or 0, hours, **texts)
    return WrittenMaintenance(value, place)


def read_inhibit(reader: Reader, node: yaml.Node, within: tuple[Matcher, ...], written: Written) -> WrittenInhibit | None:
    """`within` bounds what may be inhibited; what inhibits it may be anybody's, a node that is down for instance."""
    given = reader.fields(node, INHIBIT, LATER_RULE)
    name = _name(reader, node, given)
    source = _matchers(reader, node, given, "source_matchers", "be every alert")
    target = _matchers(reader, node, given, "target_matchers", "" if within else "be every alert")
    hours = read_hours(reader, given, written)
    equal = reader.texts(given["equal"]) if "equal" in given else ()
    wait = reader.duration(given["wait"]) if "wait" in given else None
    texts = {key: reader.text(given[key]) or "" for key in ("owner", "reason") if key in given}
    if name is None:
        return None
    place = reader.place(node)
    value = InhibitRule(
        name, Origin(place.file, place.line), source, (*within, *target), tuple(dict.fromkeys(equal)), wait or 0, hours, **texts
    )  # fmt: skip
    return WrittenInhibit(value, place)


def _name(reader: Reader, node: yaml.Node, given: Mapping[str, yaml.Node]) -> str | None:
    if "name" not in given and isinstance(node, yaml.MappingNode):
        reader.error(node, "`name` is missing")
    return reader.line(given["name"]) if "name" in given else None


def _matchers(reader: Reader, node: yaml.Node, given: Mapping[str, yaml.Node], key: str, otherwise: str) -> tuple[Matcher, ...]:
    """An error where there are none and `otherwise` says what it would do without; a bad one is an error of its own alone."""
    known = reader.found
    matchers = reader.matchers(given[key]) if key in given else ()
    if otherwise and not matchers and reader.found == known and isinstance(node, yaml.MappingNode):
        reader.error(given.get(key, node), f"`{key}` is missing: it would {otherwise}")
    return matchers


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
