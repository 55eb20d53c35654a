"""Read the sections `maintenance:` and `inhibit:`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import yaml

from gateway.model.matchers import Matcher
from gateway.model.rules.kinds import InhibitRule, Maintenance
from gateway.model.rules.origin import Origin
from gateway.rules.files.keys import INHIBIT, LATER_RULE, MAINTENANCE
from gateway.rules.files.raw import RawInhibit, RawMaintenance, RawRules
from gateway.rules.files.reader import Reader
from gateway.rules.files.times import read_hours


def read_maintenance(
    reader: Reader, node: yaml.Node, within: tuple[Matcher, ...], raw: RawRules
) -> RawMaintenance | None:
    given = reader.fields(node, MAINTENANCE, LATER_RULE)
    name = _name(reader, node, given)
    match = _matchers(reader, node, given, "match", "" if within else "hide everything")
    start, end = (_moment(reader, given[key]) if key in given else None for key in ("start", "end"))
    hours = read_hours(reader, given, raw)
    texts = {key: reader.text(given[key]) or "" for key in ("owner", "reason") if key in given}
    if start is not None and end is not None and end <= start:
        reader.error(given["end"], "`end` is not after `start`")
    # Work that was forgotten would keep the next real outage from the people on call.
    if end is None and not hours.during:
        reader.error(
            node, "work that never ends would hide what it matches for ever: `end` or `during` is needed"
        )
    if name is None:
        return None
    place = reader.place(node)
    origin = Origin(place.file, place.line)
    value = Maintenance(name, origin, (*within, *match), start, end, hours, **texts)
    return RawMaintenance(value, place)


def read_inhibit(
    reader: Reader, node: yaml.Node, within: tuple[Matcher, ...], raw: RawRules
) -> RawInhibit | None:
    """Read an inhibit rule.

    `within` bounds the targets only; a source, such as a node that is down, may be anybody's.
    """
    given = reader.fields(node, INHIBIT, LATER_RULE)
    name = _name(reader, node, given)
    source = _matchers(reader, node, given, "source_matchers", "be every alert")
    target = _matchers(reader, node, given, "target_matchers", "" if within else "be every alert")
    hours = read_hours(reader, given, raw)
    equal = reader.texts(given["equal"]) if "equal" in given else ()
    wait = reader.duration(given["wait"]) if "wait" in given else None
    texts = {key: reader.text(given[key]) or "" for key in ("owner", "reason") if key in given}
    if name is None:
        return None
    place = reader.place(node)
    value = InhibitRule(
        name=name,
        origin=Origin(place.file, place.line),
        source=source,
        target=(*within, *target),
        equal=tuple(dict.fromkeys(equal)),
        wait=wait or 0,
        hours=hours,
        **texts,
    )
    return RawInhibit(value, place)


def _name(reader: Reader, node: yaml.Node, given: Mapping[str, yaml.Node]) -> str | None:
    if "name" not in given and isinstance(node, yaml.MappingNode):
        reader.error(node, "`name` is missing")
    return reader.line(given["name"]) if "name" in given else None


def _matchers(
    reader: Reader, node: yaml.Node, given: Mapping[str, yaml.Node], key: str, otherwise: str
) -> tuple[Matcher, ...]:
    """Read matchers. If `otherwise` says what the rule would do without any, having none is an error.

    A matcher that cannot be read is an error already, and is not reported as missing too.
    """
    known = reader.found
    matchers = reader.matchers(given[key]) if key in given else ()
    # A rule without matchers covers every alert: it would silence everything, on everybody's behalf.
    if otherwise and not matchers and reader.found == known and isinstance(node, yaml.MappingNode):
        reader.error(given.get(key, node), f"`{key}` is missing: it would {otherwise}")
    return matchers


def _moment(reader: Reader, node: yaml.Node) -> int | None:
    """Read a time as ms since the epoch, None where it is none.

    A time without an offset is refused, since nobody knows whose clock it means.
    """
    text = node.value if isinstance(node, yaml.ScalarNode) else ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        reader.error(
            node, f"`{text[:40]}` is no time with an offset: write it like 2026-12-01T22:00:00+01:00"
        )
        return None
    return int(moment.timestamp() * 1000)
