"""Read the section `watchdogs:`, and check watchdogs against their sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from gateway.model.matchers import Matcher
from gateway.model.rules.kinds import Watchdog
from gateway.model.rules.source import DEFAULT_SOURCE, Source
from gateway.rules.files.findings import Finding, Level, nearest
from gateway.rules.files.keys import LATER_RULE, WATCHDOG
from gateway.rules.files.raw import RawRules, RawSource, RawWatchdog
from gateway.rules.files.reader import Reader, Reference
from gateway.rules.files.sources import contradiction
from gateway.rules.files.times import read_hours

Sources = Mapping[str, RawSource]


def read_watchdog(
    reader: Reader, node: yaml.Node, within: tuple[Matcher, ...], raw: RawRules
) -> RawWatchdog | None:
    given = reader.fields(node, WATCHDOG, LATER_RULE)
    for key in ("name", "match", "every"):
        if key not in given and isinstance(node, yaml.MappingNode):
            reader.error(node, f"`{key}` is missing")
    name = reader.line(given["name"]) if "name" in given else None
    own = reader.matchers(given["match"]) if "match" in given else ()
    # Heartbeats are suppressed, so a watchdog that matches everything would suppress everything.
    if "match" in given and not own:
        reader.error(given["match"], "every alert would be a heartbeat, and nobody would be told of any")
    every = reader.duration(given["every"]) if "every" in given else None
    if every == 0:
        reader.error(given["every"], "`every` has to be longer than nothing")
    source = reader.line(given["source"]) if "source" in given else None
    more: dict[str, Any] = {key: reader.text(given[key]) or "" for key in ("owner", "reason") if key in given}
    more["hold_resolves"] = bool(reader.flag(given["hold_resolves"])) if "hold_resolves" in given else False
    more["hours"] = read_hours(reader, given, raw)
    notify, page = (reader.references(given[key]) if key in given else () for key in ("notify", "page"))
    if name is None or every is None:
        return None
    place = reader.place(node)
    value = Watchdog(name, place.origin, (*within, *own), every, **more)
    return RawWatchdog(
        value, place, Reference(source, reader.place(given["source"])) if source else None, notify, page
    )


def source_name_of(watchdog: RawWatchdog, sources: Sources) -> str:
    """Return the source that the watchdog names, else the only source there is, else the unnamed one."""
    if watchdog.source is not None:
        return watchdog.source.name
    return next(iter(sources)) if len(sources) == 1 else DEFAULT_SOURCE.name


def watchdog_findings(watchdog: RawWatchdog, sources: Sources) -> Iterator[Finding]:
    """Check whose heartbeat it is, and whether it can come as often as the watchdog demands."""
    # One cluster's heartbeat must not prove that another one is alive.
    if watchdog.source is None and len(sources) > 1:
        message = f"`source` is missing: which one's heartbeat is it, of {', '.join(sources)}?"
        yield Finding(Level.ERROR, watchdog.place, message)
        return
    name = source_name_of(watchdog, sources)
    source = sources.get(name)
    if source is None and not _may_be_unlisted(name, sources) and watchdog.source is not None:
        message = f"unknown source `{name}`{nearest(name, (*sources, DEFAULT_SOURCE.name))}"
        yield Finding(Level.ERROR, watchdog.source.place, message, elsewhere=True)
    elif source is not None:
        yield from (
            Finding(Level.WARNING, watchdog.place, doubt) for doubt in _doubts(watchdog.value, source)
        )


def _may_be_unlisted(name: str, sources: Sources) -> bool:
    """Return whether this is the source `default`, which exists unless a listed source has no token."""
    return name == DEFAULT_SOURCE.name and all(other.value.token is not None for other in sources.values())


def _doubts(watchdog: Watchdog, raw: RawSource) -> Iterator[str]:
    source: Source = raw.value
    if raw.own_interval and watchdog.every < 2 * source.group_interval:
        yield (
            f"`every` of `{watchdog.name}` is under 2 × `group_interval` of `{source.name}`: "
            "one heartbeat that is late or lost "
            "would page; give it a route of its own in alertmanager.yml with a shorter one, or wait longer"
        )
    # Its heartbeats would go to quarantine: it would page for ever, and hold ends back for ever.
    impossible = contradiction((*source.match, *watchdog.match))
    if impossible:
        yield (
            f"`{source.name}` may not send {impossible[0]} with {impossible[1]}: no heartbeat "
            f"of `{watchdog.name}` can come"
        )
