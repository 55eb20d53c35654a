"""Words for YAML nodes in findings: what stands there, and how it is written where a list is meant."""

from __future__ import annotations

import re

import yaml

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
