"""Read the section `destinations:`. The folder of each kind in `outbound/` describes the keys of that kind."""

from __future__ import annotations

from typing import Any

import yaml

from gateway.model.rules.destination import NO_PROXY, Destination, Integration
from gateway.model.rules.origin import SecretName
from gateway.outbound.kind import DestinationKind, RuleKey, ValueType
from gateway.outbound.registry import DESTINATION_KINDS
from gateway.rules.files.keys import DESTINATION
from gateway.rules.files.raw import RawDestination
from gateway.rules.files.reader import Reader

DESTINATION_NAME = r"[A-Za-z0-9_.-]+"


def read_destination(reader: Reader, name: str, key: yaml.Node, node: yaml.Node) -> RawDestination | None:
    if reader.name(key, DESTINATION_NAME, "a name of letters, digits, _ . and -") is None:
        return None
    given = reader.fields(node, (*DESTINATION_KINDS, *DESTINATION))
    kinds = [kind for kind in DESTINATION_KINDS if kind in given]
    if len(kinds) != 1:
        if isinstance(node, yaml.MappingNode):
            reader.error(node, f"a destination is one of {_choice()}")
        return None
    via = _read_integration(reader, DESTINATION_KINDS[kinds[0]], given[kinds[0]])
    # Its writer believes that somebody is told when this destination fails; without `fallback` nobody is.
    after = reader.duration(given["fallback_after"]) if "fallback_after" in given else None
    fallback = reader.references(given["fallback"]) if "fallback" in given else ()
    if "fallback_after" in given and not fallback:
        reader.error(given["fallback_after"], "`fallback_after` means nothing without `fallback`")
    proxy = _read_proxy(reader, given["proxy"], DESTINATION_KINDS[kinds[0]]) if "proxy" in given else ""
    if via is None:
        return None
    place = reader.place(key)
    more = {} if after is None else {"fallback_after": after}
    told_instead = tuple(reference.name for reference in fallback)
    value = Destination(name, place.origin, via, told_instead, proxy=proxy, **more)
    return RawDestination(value, place, fallback)


def _read_proxy(reader: Reader, node: yaml.Node, kind: DestinationKind) -> SecretName | str:
    if not kind.integration.takes_proxy:
        # Its writer believes that this destination is reached through the proxy, and it would not be.
        reader.error(node, f"{kind.integration.label} goes through no proxy")
        return ""
    # The address of a proxy may hold a password, so it never stands in a rule file.
    if isinstance(node, yaml.ScalarNode) and node.value != NO_PROXY:
        reader.error(node, "`proxy` is `none`, or {env: NAME}, the variable that holds the proxy's address")
        return ""
    return NO_PROXY if isinstance(node, yaml.ScalarNode) else reader.secret(node) or ""


def _choice() -> str:
    """Return the kinds as a text: `{slack: …}, {pagerduty: …} and {webhook: …}`."""
    *others, last = (f"{{{kind}: …}}" for kind in DESTINATION_KINDS)
    return f"{', '.join(others)} and {last}"


def _read_integration(reader: Reader, kind: DestinationKind, node: yaml.Node) -> Integration | None:
    """Read the keys of one kind. A faulty key is reported; if the kind can do without it, it is left out."""
    given = reader.fields(node, kind.keys)
    values: dict[str, Any] = {}
    for name, key in kind.keys.items():
        value = _read_value(reader, key, given[name]) if name in given else None
        if value is not None:
            values[name] = value
        elif key.missing and name not in given:
            reader.error(node, f"`{name}` is missing: {key.missing}")
    if any(key.missing and name not in values for name, key in kind.keys.items()):
        return None
    for name, message in kind.problems(values):
        reader.error(given[name], message)
    for name, message in kind.doubts(values):
        reader.warn(given[name], message)
    return kind.make(values)


def _read_value(reader: Reader, key: RuleKey, node: yaml.Node) -> Any:
    if key.type is ValueType.SECRET or (key.type is ValueType.ADDRESS and isinstance(node, yaml.MappingNode)):
        return reader.secret(node)
    if key.type in (ValueType.TEXT, ValueType.ADDRESS):
        return _read_text(reader, key, node)
    found = reader.found
    texts = tuple(text for item in reader.items(node) if (text := _read_text(reader, key, item)) is not None)
    # An empty list is a value; a list whose texts are all faulty has errors already and is none.
    return texts if texts or reader.found == found else None


def _read_text(reader: Reader, key: RuleKey, node: yaml.Node) -> str | None:
    return reader.name(node, key.pattern, key.expected) if key.pattern else reader.text(node)
