"""`watchdogs:` as they are written, and what is wrong with them together with the sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from gateway.model.matchers import Matcher
from gateway.model.rules.kinds import Watchdog
from gateway.model.rules.origin import Origin
from gateway.model.rules.source import DEFAULT_SOURCE, Source
from gateway.rules.files.findings import Level, Place, nearest
from gateway.rules.files.keys import LATER_RULE, WATCHDOG
from gateway.rules.files.raw import Written, WrittenSource, WrittenWatchdog
from gateway.rules.files.reader import Reader, Reference
from gateway.rules.files.sources import contradiction
from gateway.rules.files.times import read_hours

Sources = Mapping[str, WrittenSource]
Found = tuple[Level, Place, str]


def read_watchdog(reader: Reader, node: yaml.Node, within: tuple[Matcher, ...], written: Written) -> WrittenWatchdog | None:
    given = reader.fields(node, WATCHDOG, LATER_RULE)
    for key in ("name", "match", "every"):
        if key not in given and isinstance(node, yaml.MappingNode):
            reader.error(node, f"`{key}` is missing")
    name = reader.line(given["name"]) if "name" in given else None
    own = reader.matchers(given["match"]) if "match" in given else ()
    if "match" in given and not own:
        reader.error(given["match"], "every alert would be a heartbeat, and nobody would be told of any")
    every = reader.duration(given["every"]) if "every" in given else None
    if every == 0:
        reader.error(given["every"], "`every` has to be longer than nothing")
    source = reader.line(given["source"]) if "source" in given else None
    more: dict[str, Any] = {key: reader.text(given[key]) or "" for key in ("owner", "reason") if key in given}
    more["hold_resolves"] = bool(reader.flag(given["hold_resolves"])) if "hold_resolves" in given else False
    more["hours"] = read_hours(reader, given, written)
    notify, page = (reader.references(given[key]) if key in given else () for key in ("notify", "page"))
    if name is None or every is None:
        return None
    place = reader.place(node)
    value = Watchdog(name, Origin(place.file, place.line), (*within, *own), every, **more)
    return WrittenWatchdog(value, place, Reference(source, reader.place(given["source"])) if source else None, notify, page)


def source_of(one: WrittenWatchdog, sources: Sources) -> str:
    """The one that is named, the only one, or the one that has no name."""
    if one.source is not None:
        return one.source.name
    return next(iter(sources)) if len(sources) == 1 else DEFAULT_SOURCE.name


def findings_of(one: WrittenWatchdog, sources: Sources) -> Iterator[Found]:
    """Whose heartbeat it is, and whether it can come as often as is asked."""
    if one.source is None and len(sources) > 1:
        yield Level.ERROR, one.place, f"`source` is missing: which one's heartbeat is it, of {', '.join(sources)}?"
        return
    name = source_of(one, sources)
    source = sources.get(name)
    if source is None and not _may_be_unlisted(name, sources) and one.source is not None:
        yield Level.ERROR, one.source.place, f"unknown source `{name}`{nearest(name, (*sources, DEFAULT_SOURCE.name))}"
    elif source is not None:
        yield from ((Level.WARNING, one.place, doubt) for doubt in _doubts(one.value, source))


def _may_be_unlisted(name: str, sources: Sources) -> bool:
    """`default` is there unless another one has no token."""
    return name == DEFAULT_SOURCE.name and all(other.value.token is not None for other in sources.values())


def _doubts(watchdog: Watchdog, written: WrittenSource) -> Iterator[str]:
    source: Source = written.value
    if written.own_interval and watchdog.every < 2 * source.group_interval:
        yield (
            f"`every` of `{watchdog.name}` is under 2 × `group_interval` of `{source.name}`: one heartbeat that is late or lost "
            "would page; give it a route of its own in alertmanager.yml with a shorter one, or wait longer"
        )
    impossible = contradiction((*source.match, *watchdog.match))
    if impossible:
        yield f"`{source.name}` may not send {impossible[0]} with {impossible[1]}: no heartbeat of `{watchdog.name}` can come"
