"""A rule set as it is in force: inheritance resolved, `within` added, defaults filled in.

The files' syntax is the business of `gateway/storage/rule_files/`; what stands here is their meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.model.matchers import Matcher
from gateway.model.severity import BUILT_IN_WORDS, Severity

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

ALL_LABELS = "..."
DEFAULT_BY = ("alertname", "cluster", "namespace", "service")
DEFAULT_WINDOW = 10 * MINUTE
DEFAULT_MAX_ALERTS = 500
DEFAULT_CLOSED_BY_HAND = HOUR


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a rule stands, for people: `file:line`."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.file else "built-in"


BUILT_IN = Origin("", 0)


@dataclass(frozen=True, slots=True)
class SecretName:
    """The name of a secret in the environment; its value never enters a rule set."""

    env: str


@dataclass(frozen=True, slots=True)
class SlackChannel:
    """`channel` is an id, a #name, or a template such as `#{team}-oncall` that may only give the values in `allow`."""

    channel: str
    token: SecretName = SecretName("SLACK_BOT_TOKEN")
    allow: frozenset[str] = frozenset()
    mention_on_page: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PagerDutyService:
    routing_key: SecretName
    service: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    name: str
    origin: Origin
    via: SlackChannel | PagerDutyService
    fallback: tuple[str, ...] = ()
    fallback_after: int = 2 * MINUTE

    @property
    def kind(self) -> str:
        return "slack" if isinstance(self.via, SlackChannel) else "pagerduty"

    @property
    def credential(self) -> str:
        """The secret's name."""
        return self.via.token.env if isinstance(self.via, SlackChannel) else self.via.routing_key.env


@dataclass(frozen=True, slots=True)
class Condition:
    """One line of `page_when`; exactly one of its fields is set."""

    severity: Severity | None = None
    alerts: int | None = None
    match: tuple[Matcher, ...] | None = None


class Quantifier(StrEnum):
    ANY = "any"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class PageWhen:
    """Judged on a target's view. Without conditions it always holds."""

    quantifier: Quantifier = Quantifier.ANY
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """One route with everything it inherits; `children` and `parent` are positions in `Rulebook.routes`."""

    name: str
    origin: Origin
    match: tuple[Matcher, ...] = ()
    parent: int | None = None
    children: tuple[int, ...] = ()
    go_on: bool = False  # `continue: true`
    owner: str = ""
    notify: tuple[str, ...] = ()
    page: tuple[str, ...] = ()
    page_when: PageWhen = PageWhen()
    group_wait: int = 10 * SECOND
    update_interval: int = 30 * SECOND
    resolve_after: int | None = None  # None: one minute where it pages, at once elsewhere
    remind: int | None = None
    reason: str = ""

    @property
    def described(self) -> str:
        return _described(self.name, self.origin, "", self.reason)


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

    @property
    def described(self) -> str:
        return _described(self.name, self.origin, self.owner, self.reason)


def _described(name: str, origin: Origin, owner: str, reason: str) -> str:
    """A rule as people see it: `name (file:line)`, and what its writer wanted to say."""
    owned = f", {owner}" if owner else ""
    return f"{name} ({origin}{owned})" + (f": {reason}" if reason else "")


DEFAULT_CORRELATE = CorrelateRule(name="default", origin=BUILT_IN)


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
