"""`sources:` as they are written, and what is wrong with all of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import yaml

from gateway.model.matchers import Matcher, Op
from gateway.model.own_alert import OWN_SOURCE
from gateway.model.rules.origin import Origin, SecretName
from gateway.model.rules.source import Source
from gateway.rules.files.findings import Place
from gateway.rules.files.keys import SOURCE
from gateway.rules.files.raw import WrittenSource
from gateway.rules.files.reader import Reader

SOURCE_NAME = r"[A-Za-z0-9_.-]+"
OWN = OWN_SOURCE.rstrip("/")
TIMES = ("group_interval", "repeat_interval", "stale_after")


def read_source(reader: Reader, node: yaml.Node, within: tuple[Matcher, ...]) -> WrittenSource | None:
    given = reader.fields(node, SOURCE)
    if "name" not in given and isinstance(node, yaml.MappingNode):
        reader.error(node, "`name` is missing")
    name = reader.name(given["name"], SOURCE_NAME, "a name of letters, digits, _ . and -") if "name" in given else None
    if name == OWN:
        reader.error(given["name"], f"`{OWN}` is the source of the gateway's own alerts: take another name")
    match = (*within, *(reader.matchers(given["match"]) if "match" in given else ()))
    token = reader.secret(given["token"]) if "token" in given else None
    peers = [reader.secret(one) for one in reader.items(given["alertmanager"])] if "alertmanager" in given else []
    receiver = reader.line(given["receiver"]) if "receiver" in given else ""
    times = {key: reader.duration(given[key]) for key in TIMES if key in given}
    _look_at(reader, node, given, match)
    if name is None:
        return None
    place = reader.place(node)
    more = {key: value for key, value in times.items() if value is not None}
    asked = tuple(dict.fromkeys(one for one in peers if one is not None))
    value = Source(name, Origin(place.file, place.line), match, token, asked, receiver or "", **more)
    return WrittenSource(value, place, "group_interval" in more)


def _look_at(reader: Reader, node: yaml.Node, given: Mapping[str, yaml.Node], match: tuple[Matcher, ...]) -> None:
    """What is wrong with one source by itself."""
    if "alertmanager" in given and "receiver" not in given:
        reader.error(given["alertmanager"], "`receiver` is missing: which of Alertmanager's alerts come here?")
    impossible = contradiction(match)
    if impossible:
        reader.warn(given.get("match", node), f"no alert satisfies {impossible[0]} and {impossible[1]}: nothing is let in")


def contradiction(match: Sequence[Matcher]) -> tuple[Matcher, Matcher] | None:
    """Two matchers that no alert satisfies both, where one of them asks for a value."""
    for one in match:
        if one.op is Op.EQUAL:
            for other in match:
                if other.name == one.name and not other.matches({one.name: one.value}):
                    return one, other
    return None


def problems(listed: Sequence[WrittenSource]) -> list[tuple[Place, str]]:
    """Errors: sources that could not be told apart."""
    found: list[tuple[Place, str]] = []
    owners: dict[SecretName | None, str] = {}
    for one in listed:
        token, name = one.value.token, one.value.name
        other = owners.setdefault(token, name)
        if other != name and token is None:
            found.append((one.place, f"`{name}` and `{other}` have no `token`: what comes could be of either"))
        elif other != name and token is not None:
            found.append((one.place, f"`{name}` and `{other}` have one token, {token.env}: what comes could be of either"))
    return found


def worries(listed: Sequence[WrittenSource]) -> list[tuple[Place, str]]:
    """Warnings: intervals that would take what fires for ended, or never notice an end."""
    found: list[tuple[Place, str]] = []
    for one in listed:
        source = one.value
        if source.repeat_interval is None and source.stale_after is None:
            found.append((one.place, f"`{source.name}` has no `repeat_interval`: its silence means nothing, and an end that is lost is never noticed; say what alertmanager.yml says"))  # fmt: skip
        elif source.repeat_interval is not None and source.silence is not None and source.silence < _longest(source):
            found.append((one.place, f"`stale_after` of `{source.name}` is over before the next repeat: what fires would be taken for ended"))  # fmt: skip
    return found


def _longest(source: Source) -> int:
    """How long Alertmanager may be silent of what fires: it repeats at its next look at the group after `repeat_interval`."""
    return (source.repeat_interval or 0) + source.group_interval
