"""Read the section `maintenance:`."""

from __future__ import annotations

from datetime import datetime

import yaml

from gateway.model.matchers import Matcher
from gateway.model.rules.kinds import Maintenance
from gateway.rules.files.keys import LATER_RULE, MAINTENANCE
from gateway.rules.files.raw import RawMaintenance, RawRules
from gateway.rules.files.reader import Reader
from gateway.rules.files.rule_fields import required_matchers, rule_name
from gateway.rules.files.times import read_hours


def read_maintenance(
    reader: Reader, node: yaml.Node, within: tuple[Matcher, ...], raw: RawRules
) -> RawMaintenance | None:
    given = reader.fields(node, MAINTENANCE, LATER_RULE)
    name = rule_name(reader, node, given)
    match = required_matchers(reader, node, given, "match", "" if within else "hide everything")
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
    origin = place.origin
    value = Maintenance(name, origin, (*within, *match), start, end, hours, **texts)
    return RawMaintenance(value, place)


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
