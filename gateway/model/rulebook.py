"""A rule set as it is in force: inheritance resolved, `within` added, defaults filled in.

The files' syntax is the business of `gateway/storage/rule_files/`; what stands here is their meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from gateway.model.matchers import Matcher
from gateway.model.orders import SilencePolicy
from gateway.model.severity import BUILT_IN_WORDS, Severity
from gateway.model.time_intervals import TimeInterval

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

ALL_LABELS = "..."
DEFAULT_BY = ("alertname", "cluster", "namespace", "service")
DEFAULT_WINDOW = 10 * MINUTE
DEFAULT_MAX_ALERTS = 500
DEFAULT_CLOSED_BY_HAND = HOUR
DEFAULT_SILENCES = SilencePolicy()
LEAST_RETRY = 10 * SECOND
PEER_TIMEOUT = 15 * SECOND


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
class Source:
    """One Prometheus and Alertmanager installation: what it may send, and how it sends.

    `alertmanager` names the secrets that hold its HA peers' addresses. The intervals are those of its route to us; without
    `repeat_interval` nobody knows how long it may be silent, and silence means nothing.
    """

    name: str
    origin: Origin
    match: tuple[Matcher, ...] = ()
    token: SecretName | None = None
    alertmanager: tuple[SecretName, ...] = ()
    receiver: str = ""
    group_interval: int = 5 * MINUTE
    repeat_interval: int | None = None
    stale_after: int | None = None

    @property
    def described(self) -> str:
        return _described(self.name, self.origin, "", "")

    def may_send(self, labels: Mapping[str, str]) -> bool:
        return all(matcher.matches(labels) for matcher in self.match)

    @property
    def lateness(self) -> int:
        """How long after the fact a peer may still deliver what it knew: it tries again for max(group_interval, 10 s), and waits
        15 s for each peer before it (app/app.go and cluster.peer-timeout of Alertmanager). Two peers where none are named."""
        return max(self.group_interval, LEAST_RETRY) + (len(self.alertmanager) or 2) * PEER_TIMEOUT

    @property
    def polled(self) -> bool:
        """There is something to find out about it: it can be asked, or its silence means something."""
        return bool(self.alertmanager) or self.silence is not None

    @property
    def silence(self) -> int | None:
        """After how much of it an alert is taken for ended; one lost repeat is forgiven."""
        if self.stale_after is None and self.repeat_interval is not None:
            return 2 * self.repeat_interval + self.group_interval
        return self.stale_after


DEFAULT_SOURCE = Source("default", BUILT_IN)


@dataclass(frozen=True, slots=True)
class SlackChannel:
    """`channel` is an id, a #name, or a template such as `#{team}-oncall` that may only give the values in `allow`."""

    kind: ClassVar[str] = "slack"
    channel: str
    token: SecretName = SecretName("SLACK_BOT_TOKEN")
    allow: frozenset[str] = frozenset()
    mention_on_page: tuple[str, ...] = ()

    @property
    def credentials(self) -> tuple[str, ...]:
        return (self.token.env,)


@dataclass(frozen=True, slots=True)
class PagerDutyService:
    kind: ClassVar[str] = "pagerduty"
    routing_key: SecretName
    service: str = ""

    @property
    def credentials(self) -> tuple[str, ...]:
        return (self.routing_key.env,)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A receiver of anybody's: the secrets that hold its address, a bearer token that it is shown, and the key of signatures."""

    kind: ClassVar[str] = "webhook"
    url: SecretName
    token: SecretName | None = None
    secret: SecretName | None = None

    @property
    def credentials(self) -> tuple[str, ...]:
        return tuple(one.env for one in (self.url, self.token, self.secret) if one is not None)


@dataclass(frozen=True, slots=True)
class Destination:
    name: str
    origin: Origin
    via: SlackChannel | PagerDutyService | Webhook
    fallback: tuple[str, ...] = ()
    fallback_after: int = 2 * MINUTE

    @property
    def kind(self) -> str:
        return self.via.kind

    @property
    def credential(self) -> str:
        """The name of the secret by which it is the place that it is."""
        return self.via.credentials[0]

    @property
    def credentials(self) -> tuple[str, ...]:
        """The names of all secrets that it needs, `credential` first."""
        return self.via.credentials

    @property
    def address(self) -> str:
        """What the place is called; a Slack channel's name may have labels to be filled in."""
        if isinstance(self.via, SlackChannel):
            return self.via.channel
        return (self.via.service if isinstance(self.via, PagerDutyService) else "") or self.name


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
class Hours:
    """When a rule is in force: in one of `during` (always, where it is empty) and in none of `not_during`; both name intervals."""

    during: tuple[str, ...] = ()
    not_during: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.during, *self.not_during)


ALWAYS = Hours()


@dataclass(frozen=True, slots=True)
class Mute:
    """Named intervals in which a route does not page, or does not notify. Critical breaks through unless `critical`."""

    page: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    critical: bool = False

    def names(self, *, page: bool) -> tuple[str, ...]:
        return self.page if page else self.notify


@dataclass(frozen=True, slots=True)
class Shift:
    """Who is told while it is their hours, beside whom the route always tells."""

    hours: Hours
    notify: tuple[str, ...] = ()
    page: tuple[str, ...] = ()


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
    hours: Hours = ALWAYS
    mute: Mute = Mute()
    shifts: tuple[Shift, ...] = ()
    longest_hold: int = 5 * MINUTE  # no critical alert waits longer, whatever holds it

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
    hours: Hours = ALWAYS

    @property
    def described(self) -> str:
        return _described(self.name, self.origin, self.owner, self.reason)


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
        return _described(self.name, self.origin, self.owner, self.reason)


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
        return _described(self.name, self.origin, self.owner, self.reason)


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
    intervals: Mapping[str, tuple[TimeInterval, ...]] = field(default_factory=dict)
    maintenance: tuple[Maintenance, ...] = ()
    inhibit: tuple[InhibitRule, ...] = ()
    watchdogs: Mapping[str, Watchdog] = field(default_factory=dict)
    silences: SilencePolicy = DEFAULT_SILENCES
    partition_by: tuple[str, ...] = ()
    listed_sources: Mapping[str, Source] = field(default_factory=dict)
    audit: tuple[str, ...] = ()  # the webhooks that are sent everything that is logged

    @property
    def shared(self) -> Source:
        """The source that has no token of its own, so that GATEWAY_WEBHOOK_TOKEN is its token."""
        without = (one for one in self.listed_sources.values() if one.token is None)
        return next(without, self.listed_sources.get(DEFAULT_SOURCE.name, DEFAULT_SOURCE))

    @property
    def sources(self) -> Mapping[str, Source]:
        return {**self.listed_sources, self.shared.name: self.shared}
