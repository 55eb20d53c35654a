"""A rule set in force: inheritance is resolved, `within` added, and defaults are filled in.

This is the meaning of the rule files; their syntax is in `gateway/rules/files/`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.model.counted import counted
from gateway.model.durations import HOUR
from gateway.model.rules.act_policy import DEFAULT_ACT, ActPolicy
from gateway.model.rules.destination import Destination
from gateway.model.rules.kinds import CorrelateRule, InhibitRule, Maintenance, Watchdog
from gateway.model.rules.route import Route
from gateway.model.rules.silence_policy import SilencePolicy
from gateway.model.rules.source import DEFAULT_SOURCE, Source
from gateway.model.severity import BUILT_IN_WORDS, Severity
from gateway.model.statistics.settings import DEFAULT_PRECISION, PrecisionSettings
from gateway.model.time_intervals import TimeInterval

DEFAULT_CLOSED_BY_HAND = HOUR
DEFAULT_SILENCES = SilencePolicy()
Rule = Source | Destination | Route | CorrelateRule | InhibitRule | Maintenance | Watchdog


@dataclass(frozen=True, slots=True)
class SeverityRule:
    """The label that holds an alert's severity, and the words that it may hold."""

    label: str = "severity"
    words: Mapping[str, Severity] = field(default_factory=lambda: BUILT_IN_WORDS)
    default: Severity = Severity.WARNING

    def other_word(self, labels: Mapping[str, str], severity: Severity) -> str:
        """Return the sender's own word where it is another than ours for this severity, else an empty text."""
        word = labels.get(self.label, "").strip()
        return "" if word.lower() == severity.word else word


@dataclass(frozen=True, slots=True)
class LabelRules:
    """The rules for labels: which are part of the identity, name the service, or are hidden from vendors.

    `thing` are the labels that name what is broken in titles, before the built-in ones.
    """

    ignore: frozenset[str] = frozenset({"prometheus_replica"})
    rename: Mapping[str, str] = field(default_factory=dict)
    severity: SeverityRule = SeverityRule()
    service: tuple[str, ...] = ("service", "app", "job")
    scope: tuple[str, ...] = ("cluster", "namespace")
    thing: tuple[str, ...] = ()
    redact: frozenset[str] = frozenset()
    redact_key: bytes = field(
        default=b"", repr=False
    )  # of the hash that is shown; the gateway's own, not the rules'
    links: Mapping[str, str] = field(
        default_factory=lambda: {"runbook": "runbook_url", "dashboard": "dashboard_url"}
    )


@dataclass(frozen=True, slots=True)
class Rulebook:
    """A whole rule set.

    `revision` is a hash of the files' text. `roots` are the positions in `routes` of those without a parent,
    in order.
    """

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
    act: ActPolicy = DEFAULT_ACT
    precision: PrecisionSettings = DEFAULT_PRECISION
    partition_by: tuple[str, ...] = ()
    listed_sources: Mapping[str, Source] = field(default_factory=dict)
    audit: tuple[str, ...] = ()  # the webhooks that are sent everything that is logged

    @property
    def by_kind(self) -> Mapping[str, Mapping[str, Rule]]:
        """Return the rules by name, by the word that people read for their kind."""
        return {
            "source": self.listed_sources,
            "destination": self.destinations,
            "route": _by_name(self.routes),
            "correlate rule": _by_name(self.correlate),
            "inhibit rule": _by_name(self.inhibit),
            "maintenance window": _by_name(self.maintenance),
            "watchdog": self.watchdogs,
        }

    @property
    def contents(self) -> str:
        """Return the number of rules of each kind, for people."""
        counts = {kind: len(rules) for kind, rules in self.by_kind.items()}
        listed = [counted(count, kind) for kind, count in counts.items() if count]
        return ", ".join(listed) or "no rules"

    @property
    def shared(self) -> Source:
        """Return the source that has no token of its own, so that GATEWAY_WEBHOOK_TOKEN is its token."""
        without_token = (source for source in self.listed_sources.values() if source.token is None)
        return next(without_token, self.listed_sources.get(DEFAULT_SOURCE.name, DEFAULT_SOURCE))

    @property
    def sources_have_tokens(self) -> bool:
        """Whether each source has a token of its own, so that none shares `GATEWAY_WEBHOOK_TOKEN`."""
        listed = self.listed_sources.values()
        return bool(listed) and all(source.token is not None for source in listed)

    @property
    def sources(self) -> Mapping[str, Source]:
        """Return the sources of the rules by name, with the one that has no token of its own."""
        return {**self.listed_sources, self.shared.name: self.shared}

    @property
    def secret_names(self) -> frozenset[str]:
        """Return the names of all secrets that rules name."""
        sources = self.listed_sources.values()
        of_sources = (
            secret.env for source in sources for secret in (*source.alertmanager, source.token) if secret
        )
        of_destinations = (
            name for destination in self.destinations.values() for name in destination.credentials
        )
        return frozenset((*of_sources, *of_destinations))


def _by_name(
    rules: Sequence[Route] | Sequence[CorrelateRule] | Sequence[InhibitRule] | Sequence[Maintenance],
) -> Mapping[str, Rule]:
    return {rule.name: rule for rule in rules}
