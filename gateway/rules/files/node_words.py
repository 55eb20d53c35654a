"""Words for YAML nodes in findings: what stands there, and how it is written where a list is meant."""

from __future__ import annotations

import re
from collections.abc import Iterable

import yaml

from gateway.model.matchers import Matcher

YAML_TAG = "tag:yaml.org,2002:"
MAX_SHOWN = 60  # characters of a value that a finding repeats


def as_list(node: yaml.Node) -> str:
    """Return `: write […]` for one text where a list of texts is meant; an empty text for anything else."""
    if not isinstance(node, yaml.ScalarNode) or node.tag == YAML_TAG + "null":
        return ""
    if len(node.value) > MAX_SHOWN or "\n" in node.value:
        return ": write […]"
    plain = re.fullmatch(r"[\w.-]+", node.value)
    return f": write [{node.value if plain else repr(node.value)}]"


def as_matchers(node: yaml.Node) -> str:
    """Return `: write ['…="…"']` for labels in a mapping, as Alertmanager had them once."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    texts = [(key.value, value.value) for key, value in pairs if isinstance(value, yaml.ScalarNode)]
    if not texts or len(texts) < len(pairs) or sum(len(name + value) for name, value in texts) > MAX_SHOWN:
        return ""
    shown = ", ".join(f"'{name}=\"{value}\"'" for name, value in texts)
    return f": write [{shown}]"


def commented_out(line: str) -> str:
    """Return `: …` where a line has a word behind `#` in the place of a value; an empty text for any other."""
    found = re.search(r"(?:[:,] +|\[)(#[\w.-]+)", line)
    return f": `#` begins a comment: write '{found[1]}'" if found else ""


def single_quoted(matchers: Iterable[Matcher]) -> list[str]:
    """Return a warning for each value in single quotes.

    Alertmanager knows none: they are a part of the value, which no alert has.
    """
    return [
        f"`{matcher}` holds only for a value with single quotes: "
        f'write {matcher.name}{matcher.op}"{matcher.value[1:-1]}"'
        for matcher in matchers
        if matcher.value.startswith("'") and re.fullmatch(r"'.*'", matcher.value)
    ]


def kind_of(node: yaml.Node) -> str:
    if isinstance(node, yaml.MappingNode):
        return "a mapping"
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    kinds = {
        "null": "nothing",
        "int": "a number",
        "float": "a number",
        "bool": "true or false",
        "timestamp": "a date",
        "str": "a text",
    }
    return kinds.get(node.tag.removeprefix(YAML_TAG), "something tagged")
