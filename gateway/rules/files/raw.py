"""The raw sections of rule files: values, and references to other sections that are not resolved yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.model.matchers import Matcher
from gateway.model.rules.act_policy import DEFAULT_ACT, ActPolicy
from gateway.model.rules.destination import Destination
from gateway.model.rules.kinds import CorrelateRule, InhibitRule, Maintenance, Watchdog
from gateway.model.rules.route import Hours
from gateway.model.rules.rulebook import DEFAULT_SILENCES, LabelRules
from gateway.model.rules.silence_policy import SilencePolicy
from gateway.model.rules.source import Source
from gateway.model.statistics.settings import DEFAULT_PRECISION, PrecisionSettings
from gateway.model.time_intervals import TimeInterval
from gateway.rules.files.findings import Place
from gateway.rules.files.reader import Reference


@dataclass(frozen=True, slots=True)
class RawSource:
    """A source; `own_interval` says that the file gives its `group_interval`."""

    value: Source
    place: Place
    own_interval: bool = False


@dataclass(frozen=True, slots=True)
class RawDestination:
    """A destination, with references to its fallbacks."""

    value: Destination
    place: Place
    fallback: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class RawRoute:
    """A route; `own` holds the fields that the route itself gives, the rest is inherited."""

    name: str
    place: Place
    match: tuple[Matcher, ...]
    parent: Reference | None
    go_on: bool
    own: Mapping[str, Any]
    notify: tuple[Reference, ...] | None
    page: tuple[Reference, ...] | None
    shifts: tuple[RawShift, ...] | None
    escalate: tuple[RawStep, ...] | None = None


@dataclass(frozen=True, slots=True)
class RawCorrelate:
    """A correlate rule, with its place."""

    value: CorrelateRule
    place: Place


@dataclass(frozen=True, slots=True)
class RawInterval:
    """A named time interval, with its place."""

    name: str
    place: Place
    value: tuple[TimeInterval, ...]


@dataclass(frozen=True, slots=True)
class RawMaintenance:
    """A maintenance window, with its place."""

    value: Maintenance
    place: Place


@dataclass(frozen=True, slots=True)
class RawInhibit:
    """An inhibit rule, with its place."""

    value: InhibitRule
    place: Place


@dataclass(frozen=True, slots=True)
class RawWatchdog:
    """A watchdog; its `source` is None where the file names none, which is enough if there is only one."""

    value: Watchdog
    place: Place
    source: Reference | None
    notify: tuple[Reference, ...]
    page: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class RawShift:
    """A shift of a route, with references to its destinations."""

    hours: Hours
    notify: tuple[Reference, ...]
    page: tuple[Reference, ...]


@dataclass(frozen=True, slots=True)
class RawStep:
    """A step of a route's escalation, with references to its destinations."""

    after: int
    unless_acknowledged: bool
    hours: Hours
    notify: tuple[Reference, ...]
    page: tuple[Reference, ...]
    place: Place


@dataclass(slots=True)
class RawRules:
    """The sections of all files of a set, in reading order."""

    labels: LabelRules | None = None
    closed_by_hand: int | None = None
    silences: SilencePolicy = DEFAULT_SILENCES
    act: ActPolicy = DEFAULT_ACT
    precision: PrecisionSettings = DEFAULT_PRECISION
    digest_to: Mapping[str, tuple[Reference, ...]] = field(default_factory=dict)
    partition_by: tuple[Reference, ...] = ()
    audit: tuple[Reference, ...] = ()
    sections: dict[str, Place] = field(default_factory=dict)  # where each once-only section was found
    sources: list[RawSource] = field(default_factory=list)
    destinations: list[RawDestination] = field(default_factory=list)
    routes: list[RawRoute] = field(default_factory=list)
    correlate: list[RawCorrelate] = field(default_factory=list)
    intervals: list[RawInterval] = field(default_factory=list)
    maintenance: list[RawMaintenance] = field(default_factory=list)
    inhibit: list[RawInhibit] = field(default_factory=list)
    watchdogs: list[RawWatchdog] = field(default_factory=list)
    unreadable: bool = False  # a file is no YAML: what stands in it is unknown
    faulty_destinations: set[str] = field(default_factory=set)  # that stand there and cannot be read
    intervals_named: list[Reference] = field(default_factory=list)  # every time interval that some rule names
