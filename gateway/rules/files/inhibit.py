"""Read the section `inhibit:`."""

from __future__ import annotations

import yaml

from gateway.model.matchers import Matcher
from gateway.model.rules.kinds import InhibitRule
from gateway.rules.files.keys import INHIBIT, LATER_RULE
from gateway.rules.files.raw import RawInhibit, RawRules
from gateway.rules.files.reader import Reader
from gateway.rules.files.rule_fields import required_matchers, rule_name
from gateway.rules.files.times import read_hours


def read_inhibit(
    reader: Reader, node: yaml.Node, within: tuple[Matcher, ...], raw: RawRules
) -> RawInhibit | None:
    """Read an inhibit rule.

    `within` bounds the targets only; a source, such as a node that is down, may be anybody's.
    """
    given = reader.fields(node, INHIBIT, LATER_RULE)
    name = rule_name(reader, node, given)
    source = required_matchers(reader, node, given, "source_matchers", "be every alert")
    target = required_matchers(reader, node, given, "target_matchers", "" if within else "be every alert")
    hours = read_hours(reader, given, raw)
    equal = reader.texts(given["equal"]) if "equal" in given else ()
    wait = reader.duration(given["wait"]) if "wait" in given else None
    texts = {key: reader.text(given[key]) or "" for key in ("owner", "reason") if key in given}
    if name is None:
        return None
    place = reader.place(node)
    value = InhibitRule(
        name=name,
        origin=place.origin,
        source=source,
        target=(*within, *target),
        equal=tuple(dict.fromkeys(equal)),
        wait=wait or 0,
        hours=hours,
        **texts,
    )
    return RawInhibit(value, place)
