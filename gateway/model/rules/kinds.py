"""The rules beside the routes: correlation, maintenance, inhibition and watchdogs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.model.durations import MINUTE
from gateway.model.matchers import Matcher
from gateway.model.rules.origin import BUILT_IN, Origin, described
from gateway.model.rules.route import ALWAYS, Hours

ALL_LABELS = "..."
DEFAULT_BY = ("alertname", "cluster", "namespace", "service")
DEFAULT_WINDOW = 10 * MINUTE
DEFAULT_MAX_ALERTS = 500


@dataclass(frozen=True, slots=True)
class CorrelateRule:
    """Alerts that match and agree in the labels `by` come into one incident.

    `window` (ms) counts from the incident's newest alert; None is for as long as the incident is open. `by`
    is `("...",)` for all labels. `max_values` bounds the different values of a label in one incident,
    `max_alerts` its members. `stop_values` are values of a label, such as `unknown`, that never join alerts.
    """

    name: str
    origin: Origin
    match: tuple[Matcher, ...] = ()
    by: tuple[str, ...] = DEFAULT_BY
    window: int | None = DEFAULT_WINDOW
    stop_values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    max_values: Mapping[str, int] = field(default_factory=dict)
    max_alerts: int = DEFAULT_MAX_ALERTS
    owner: str = ""
    reason: str = ""
    hours: Hours = ALWAYS

    @property
    def described(self) -> str:
        return described(self.name, self.origin, self.owner, self.reason)


DEFAULT_CORRELATE = CorrelateRule(name="default", origin=BUILT_IN)


@dataclass(frozen=True, slots=True)
class Maintenance:
    """Announced work, which suppresses alerts that match from `start` to `end` (ms; None is open) in its
    `hours`.
    """

    name: str
    origin: Origin
    match: tuple[Matcher, ...]
    start: int | None = None
    end: int | None = None
    hours: Hours = ALWAYS
    owner: str = ""
    reason: str = ""

    @property
    def described(self) -> str:
        return described(self.name, self.origin, self.owner, self.reason)


@dataclass(frozen=True, slots=True)
class InhibitRule:
    """A rule that keeps consequences quiet while their cause fires.

    A firing alert that matches `source` suppresses those that match `target` and agree with it in the labels
    `equal`. A target is held back for `wait` ms, in case its source comes late. The meaning is
    Alertmanager's: https://prometheus.io/docs/alerting/latest/configuration/#inhibit_rule
    """

    name: str
    origin: Origin
    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...] = ()
    wait: int = 0
    hours: Hours = ALWAYS
    owner: str = ""
    reason: str = ""

    @property
    def described(self) -> str:
        return described(self.name, self.origin, self.owner, self.reason)


@dataclass(frozen=True, slots=True)
class Watchdog:
    """A watchdog: alerts of `source` that match are its heartbeats, at most `every` ms apart.

    Where `notify` or `page` is empty, the routes decide who is notified that the heartbeat is missing. With
    `hold_resolves`, each end that the source reports waits for a heartbeat newer than itself.
    """

    name: str
    origin: Origin
    match: tuple[Matcher, ...]
    every: int
    source: str = "default"
    notify: tuple[str, ...] = ()
    page: tuple[str, ...] = ()
    hold_resolves: bool = False
    hours: Hours = ALWAYS
    owner: str = ""
    reason: str = ""

    @property
    def described(self) -> str:
        return described(self.name, self.origin, self.owner, self.reason)
