"""Read the sections of one file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import yaml

from gateway.model.matchers import Matcher
from gateway.rules.files.correlate import read_correlate
from gateway.rules.files.destinations import read_destination
from gateway.rules.files.inhibit import read_inhibit
from gateway.rules.files.keys import LATER_TOP, TOP
from gateway.rules.files.labels import read_labels
from gateway.rules.files.maintenance import read_maintenance
from gateway.rules.files.policy import read_policy
from gateway.rules.files.precision import read_precision
from gateway.rules.files.raw import RawRules
from gateway.rules.files.reader import Reader
from gateway.rules.files.routes import read_route
from gateway.rules.files.sources import read_source
from gateway.rules.files.times import read_interval
from gateway.rules.files.watchdogs import read_watchdog

ReadRule = Callable[[Reader, yaml.Node, tuple[Matcher, ...], RawRules], Any]


def read_file(reader: Reader, root: yaml.Node, within: tuple[Matcher, ...], raw: RawRules) -> None:
    """Add the sections of one file to `raw`.

    `within` are the matchers that the file's folders add to its rules.
    """
    sections = reader.fields(root, TOP, LATER_TOP)
    if "within" in sections:
        within = (*within, *reader.matchers(sections["within"]))
    _read_single(reader, sections, raw)
    for node in reader.items(sections["sources"]) if "sources" in sections else ():
        _add(raw.sources, read_source(reader, node, within))
    if "destinations" in sections:
        for name, (key, value) in reader.entries(sections["destinations"]).items():
            destination = read_destination(reader, name, key, value)
            _add(raw.destinations, destination)
            if destination is None:
                raw.faulty_destinations.add(name)
    for node in reader.items(sections["time_intervals"]) if "time_intervals" in sections else ():
        _add(raw.intervals, read_interval(reader, node))
    rules: dict[str, tuple[list[Any], ReadRule]] = {
        "routes": (raw.routes, read_route),
        "correlate": (raw.correlate, read_correlate),
        "maintenance": (raw.maintenance, read_maintenance),
        "inhibit": (raw.inhibit, read_inhibit),
        "watchdogs": (raw.watchdogs, read_watchdog),
    }
    for name, (found, read) in rules.items():
        for node in reader.items(sections[name]) if name in sections else ():
            _add(found, read(reader, node, within, raw))


def _read_single(reader: Reader, sections: Mapping[str, yaml.Node], raw: RawRules) -> None:
    """Read the sections that a whole set may have only once."""
    for name in ("labels", "policy", "precision", "partition_by"):
        # Two files that each set `policy` or `labels` contradict each other, and the order of files must not
        # decide.
        if name in sections and name in raw.sections:
            other = raw.sections[name]
            reader.error(sections[name], f"`{name}` stands in {other.file}:{other.line} already")
        elif name in sections:
            raw.sections[name] = reader.place(sections[name])
    if "labels" in sections:
        raw.labels = read_labels(reader, sections["labels"])
    if "partition_by" in sections:
        raw.partition_by = reader.references(sections["partition_by"])
    if "policy" in sections:
        read_policy(reader, sections["policy"], raw)
    if "precision" in sections:
        read_precision(reader, sections["precision"], raw)


def _add(found: list[Any], value: Any | None) -> None:
    if value is not None:
        found.append(value)
