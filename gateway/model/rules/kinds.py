"""The rules beside the routes: what belongs together, what is kept quiet, and which heartbeats there have to be."""

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
    """`window` None: for as long as the incident is open. `by` is `("...",)` for all labels."""

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
    """What matches is told to nobody from `start` until `end` (ms; 0 is open) and while it is its hours."""

    name: str
    origin: Origin
    match: tuple[Matcher, ...]
    start: int = 0
    end: int = 0
    hours: Hours = ALWAYS
    owner: str = ""
    reason: str = ""

    @property
    def described(self) -> str:
        return described(self.name, self.origin, self.owner, self.reason)


@dataclass(frozen=True, slots=True)
class InhibitRule:
    """While an alert that matches `source` fires, those that match `target` and agree with it in `equal` are told to nobody.

    `wait` holds a target back for so long in case its source comes late. Alertmanager's meaning:
    https://prometheus.io/docs/alerting/latest/configuration/#inhibit_rule
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
    """Alerts of `source` that match are its heartbeats, `every` the longest silence (ms) that is allowed between two.

    Where `notify` or `page` is empty, the routes say who hears that it is missing. `hold_resolves`: the source's ends wait for a
    heartbeat newer than themselves.
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
