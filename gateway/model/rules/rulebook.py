"""A rule set as it is in force: inheritance resolved, `within` added, defaults filled in.

The files' syntax is the business of `gateway/rules/files/`; what stands here is their meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.model.durations import HOUR
from gateway.model.rules.destination import Destination
from gateway.model.rules.kinds import CorrelateRule, InhibitRule, Maintenance, Watchdog
from gateway.model.rules.route import Route
from gateway.model.rules.silence_policy import SilencePolicy
from gateway.model.rules.source import DEFAULT_SOURCE, Source
from gateway.model.severity import BUILT_IN_WORDS, Severity
from gateway.model.time_intervals import TimeInterval

DEFAULT_CLOSED_BY_HAND = HOUR
DEFAULT_SILENCES = SilencePolicy()


@dataclass(frozen=True, slots=True)
class SeverityRule:
    label: str = "severity"
    words: Mapping[str, Severity] = field(default_factory=lambda: BUILT_IN_WORDS)
    default: Severity = Severity.WARNING


@dataclass(frozen=True, slots=True)
class LabelRules:
    ignore: frozenset[str] = frozenset({"prometheus_replica"})
    rename: Mapping[str, str] = field(default_factory=dict)
    severity: SeverityRule = SeverityRule()
    service: tuple[str, ...] = ("service", "app", "job")
    scope: tuple[str, ...] = ("cluster", "namespace")
    redact: frozenset[str] = frozenset()
    links: Mapping[str, str] = field(default_factory=lambda: {"runbook": "runbook_url", "dashboard": "dashboard_url"})


@dataclass(frozen=True, slots=True)
class Rulebook:
    """`revision` is a hash of the files' text; `roots` are the positions of routes without a parent, in order."""

    revision: str = "empty"
    labels: LabelRules = LabelRules()
    destinations: Mapping[str, Destination] = field(default_factory=dict)
    routes: tuple[Route, ...] = ()
    roots: tuple[int, ...] = ()
    correlate: tuple[CorrelateRule, ...] = ()
    closed_by_hand: int = DEFAULT_CLOSED_BY_HAND
    intervals: Mapping[str, tuple[TimeInterval, ...]] = field(default_factory=dict)
    maintenance: tuple[Maintenance, ...] = ()
    inhibit: tuple[InhibitRule, ...] = ()
    watchdogs: Mapping[str, Watchdog] = field(default_factory=dict)
    silences: SilencePolicy = DEFAULT_SILENCES
    partition_by: tuple[str, ...] = ()
    listed_sources: Mapping[str, Source] = field(default_factory=dict)
    audit: tuple[str, ...] = ()  # the webhooks that are sent everything that is logged

    @property
    def contents(self) -> str:
        """How many rules of each kind, for people."""
        counts = {
            "source": len(self.listed_sources),
            "destination": len(self.destinations),
            "route": len(self.routes),
            "correlate rule": len(self.correlate),
            "inhibit rule": len(self.inhibit),
            "maintenance window": len(self.maintenance),
            "watchdog": len(self.watchdogs),
        }
        return ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in counts.items() if count) or "no rules"

    @property
    def shared(self) -> Source:
        """The source that has no token of its own, so that GATEWAY_WEBHOOK_TOKEN is its token."""
        without = (one for one in self.listed_sources.values() if one.token is None)
        return next(without, self.listed_sources.get(DEFAULT_SOURCE.name, DEFAULT_SOURCE))

    @property
    def sources(self) -> Mapping[str, Source]:
        return {**self.listed_sources, self.shared.name: self.shared}
