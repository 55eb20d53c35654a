"""Read the fields that several kinds of rules have alike."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from gateway.model.matchers import Matcher
from gateway.rules.files.reader import Reader


def rule_name(reader: Reader, node: yaml.Node, given: Mapping[str, yaml.Node]) -> str | None:
    if "name" not in given:
        if isinstance(node, yaml.MappingNode):
            reader.error(node, "`name` is missing")
        return None
    return reader.line(given["name"])


def required_matchers(
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
