"""One file's sections, read into what is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import yaml

from gateway.model.matchers import Matcher
from gateway.rules.files.destinations import read_destination
from gateway.rules.files.keys import LATER_TOP, TOP
from gateway.rules.files.labels import read_labels
from gateway.rules.files.policy import read_policy
from gateway.rules.files.raw import Written
from gateway.rules.files.reader import Reader
from gateway.rules.files.rules import read_correlate, read_route
from gateway.rules.files.sources import read_source
from gateway.rules.files.suppression import read_inhibit, read_maintenance
from gateway.rules.files.times import read_interval
from gateway.rules.files.watchdogs import read_watchdog

ReadRule = Callable[[Reader, yaml.Node, tuple[Matcher, ...], Written], Any]


def read_file(reader: Reader, root: yaml.Node, within: tuple[Matcher, ...], written: Written) -> None:
    """Add one file's sections; `within` comes from the folders."""
    sections = reader.fields(root, TOP, LATER_TOP)
    if "within" in sections:
        within = (*within, *reader.matchers(sections["within"]))
    _read_single(reader, sections, written)
    for node in reader.items(sections["sources"]) if "sources" in sections else ():
        _add(written.sources, read_source(reader, node, within))
    if "destinations" in sections:
        for name, (key, value) in reader.entries(sections["destinations"]).items():
            _add(written.destinations, read_destination(reader, name, key, value))
    for node in reader.items(sections["time_intervals"]) if "time_intervals" in sections else ():
        _add(written.intervals, read_interval(reader, node))
    rules: dict[str, tuple[list[Any], ReadRule]] = {
        "routes": (written.routes, read_route),
        "correlate": (written.correlate, read_correlate),
        "maintenance": (written.maintenance, read_maintenance),
        "inhibit": (written.inhibit, read_inhibit),
        "watchdogs": (written.watchdogs, read_watchdog),
    }
    for name, (found, read) in rules.items():
        for node in reader.items(sections[name]) if name in sections else ():
            _add(found, read(reader, node, within, written))


def _read_single(reader: Reader, sections: Mapping[str, yaml.Node], written: Written) -> None:
    """The sections that stand once in a whole set."""
    for name in ("labels", "policy", "partition_by"):
        if name in sections and name in written.sections:
            other = written.sections[name]
            reader.error(sections[name], f"`{name}` stands in {other.file}:{other.line} already")
        elif name in sections:
            written.sections[name] = reader.place(sections[name])
    if "labels" in sections:
        written.labels = read_labels(reader, sections["labels"])
    if "partition_by" in sections:
        written.partition_by = reader.references(sections["partition_by"])
    if "policy" in sections:
        read_policy(reader, sections["policy"], written)


def _add(found: list[Any], one: Any | None) -> None:
    if one is not None:
        found.append(one)
