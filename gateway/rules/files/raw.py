"""The sections as they are written: values with the places of the names that they refer to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.model.matchers import Matcher
from gateway.model.rules.destination import Destination
from gateway.model.rules.kinds import CorrelateRule, InhibitRule, Maintenance, Watchdog
from gateway.model.rules.route import Hours
from gateway.model.rules.rulebook import DEFAULT_SILENCES, LabelRules
from gateway.model.rules.silence_policy import SilencePolicy
from gateway.model.rules.source import Source
from gateway.model.time_intervals import TimeInterval
from gateway.rules.files.findings import Place
from gateway.rules.files.reader import Reference


@dataclass(frozen=True, slots=True)
class WrittenSource:
    """`own_interval`: its `group_interval` is written, not the default."""

    value: Source
    place: Place
    own_interval: bool = False


@dataclass(frozen=True, slots=True)
class WrittenDestination:
    value: Destination
    place: Place
    fallback: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class WrittenRoute:
    """`own` holds what the route itself says; the rest is inherited."""

    name: str
    place: Place
    match: tuple[Matcher, ...]
    parent: Reference | None
    go_on: bool
    own: Mapping[str, Any]
    notify: tuple[Reference, ...] | None
    page: tuple[Reference, ...] | None
    shifts: tuple[WrittenShift, ...] | None


@dataclass(frozen=True, slots=True)
class WrittenCorrelate:
    value: CorrelateRule
    place: Place


@dataclass(frozen=True, slots=True)
class WrittenInterval:
    name: str
    place: Place
    value: tuple[TimeInterval, ...]


@dataclass(frozen=True, slots=True)
class WrittenMaintenance:
    value: Maintenance
    place: Place


@dataclass(frozen=True, slots=True)
class WrittenInhibit:
    value: InhibitRule
    place: Place


@dataclass(frozen=True, slots=True)
class WrittenWatchdog:
    """`source` None: there is only one that it can be."""

    value: Watchdog
    place: Place
    source: Reference | None
    notify: tuple[Reference, ...]
    page: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class WrittenShift:
    hours: Hours
    notify: tuple[Reference, ...]
    page: tuple[Reference, ...]


@dataclass(slots=True)
class Written:
    """Everything of all files, in reading order."""

    labels: LabelRules | None = None
    closed_by_hand: int | None = None
    silences: SilencePolicy = DEFAULT_SILENCES
    partition_by: tuple[Reference, ...] = ()
    audit: tuple[Reference, ...] = ()
    sections: dict[str, Place] = field(default_factory=dict)  # the ones that may stand only once
    sources: list[WrittenSource] = field(default_factory=list)
    destinations: list[WrittenDestination] = field(default_factory=list)
    routes: list[WrittenRoute] = field(default_factory=list)
    correlate: list[WrittenCorrelate] = field(default_factory=list)
    intervals: list[WrittenInterval] = field(default_factory=list)
    maintenance: list[WrittenMaintenance] = field(default_factory=list)
    inhibit: list[WrittenInhibit] = field(default_factory=list)
    watchdogs: list[WrittenWatchdog] = field(default_factory=list)
    intervals_named: list[Reference] = field(default_factory=list)  # wherever a rule names one
