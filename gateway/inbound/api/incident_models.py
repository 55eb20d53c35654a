"""The models of incidents, alerts and rules in the REST API; OpenAPI is made from them.

Times are RFC 3339 in UTC, null for never. Names, fields and docstrings are public: they appear in OpenAPI.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from gateway.inbound.api.typed_texts import By, Length, Prose


class Shown(BaseModel):
    model_config = ConfigDict(frozen=True)


class Asked(BaseModel):
    """A request is taken as it is described: a number is no time, and a text no truth value."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class VerdictShown(Shown):
    """The standing of one member at one target, and why."""

    incident: str
    alert: str = Field(description="the alert's id")
    name: str = Field(description="its alertname")
    target: str | None = Field(
        description="the destination (and channel), null where no target sees the alert",
    )
    standing: str = Field(
        description="told, undeliverable, suppressed, held or due; told with the reason `log_only` has "
        "reached nobody"
    )
    reason: str
    rule: str = Field(description="the rule that decided, `name (file:line)`, empty for a built-in one")
    until: datetime | None = Field(description="when it is looked at again")
    because: str = Field(description="what was found to be so, where the rule asks something of other alerts")


class AlertShown(Shown):
    id: str
    name: str
    firing: bool
    severity: str
    labels: dict[str, str]
    annotations: dict[str, str]
    episode: int = Field(description="which life of the alert this is, from 1")
    started_at: datetime | None
    ended_at: datetime | None
    end_reason: str = Field(
        description="why its source ended it without a recovery (Paused, RuleDeleted, …), else empty",
    )
    end_inferred: bool = Field(
        description="nobody reported its end: its source is silent of it, or has it no more",
    )
    last_seen: datetime | None = Field(description="the last webhook that spoke of it, to the minute")
    copies: dict[str, bool] = Field(description="source/fingerprint → does this copy fire")
    incident: str | None


class AcknowledgedShown(Shown):
    by: str
    at: datetime | None
    note: str


class ClosedShown(Shown):
    by: str
    at: datetime | None
    until: datetime | None
    note: str


class SnoozedShown(Shown):
    by: str
    at: datetime | None
    until: datetime | None


class TargetShown(Shown):
    """One target: the last it was told, and what is still open with it."""

    target: str
    told: str = Field(
        description="none, firing, closed, ended or moved; in the log alone where `log_only` is set"
    )
    log_only: str | None = Field(
        default=None,
        description="the variable without which only the gateway's log was told, and no person; null "
        "where people were",
    )
    generation: int
    first_told_at: datetime | None
    told_at: datetime | None
    remote: str | None = Field(
        description="the vendor's name of our message: Slack's ts, PagerDuty's dedup key",
    )
    attempts: int
    failing_since: datetime | None
    error: str | None
    dead_letter: str | None


class UnheardShown(Shown):
    """Firing alerts of one name that nobody could be told of."""

    alert: str = Field(description="the alertname")
    count: int
    reason: str
    because: str = Field(description="what each destination answered, or what is wrong with the way there")


class EarlierLivesShown(Shown):
    """Lives of one alert that an incident counts and no longer lists: it keeps the newest 200 of all."""

    alert: str = Field(description="the alert's id")
    count: int
    first_started_at: datetime | None = Field(description="when the first of them began")
    fired_seconds: int = Field(description="for how long they fired together")


class IncidentShown(Shown):
    id: str
    state: str = Field(description="open, acknowledged, closed_by_hand, quiet or resolved")
    severity: str
    title: str
    where: str = Field(description="the place that all its alerts share, such as `prod-eu › shop`")
    standing: str = Field(
        description="told, undeliverable, due, held or suppressed: what its firing alerts are at most; "
        "empty where nothing fires",
    )
    reason: str = Field(description="the reason of that, such as `silenced` or `group_wait`")
    standing_until: datetime | None = Field(description="when that is looked at again")
    firing: int
    members: int = Field(description="the lives of its alerts that are listed")
    earlier_lives: list[EarlierLivesShown] = Field(
        description="what is counted before those of alerts that flap, empty for nearly all incidents"
    )
    opened_at: datetime | None
    last_change_at: datetime | None
    resolved_at: datetime | None
    acknowledged: AcknowledgedShown | None
    closed: ClosedShown | None
    snoozed: SnoozedShown | None
    correlated_by: str
    previous: str | None
    targets: list[str]
    unheard_since: datetime | None = Field(
        description="since when something fires that nobody could be told of"
    )
    unheard: list[UnheardShown] = Field(description="the worst of it")


class TimelineShown(Shown):
    at: datetime | None
    what: str
    detail: dict[str, str | int]


class IncidentWhole(IncidentShown):
    alerts: list[AlertShown]
    ledgers: list[TargetShown]
    verdicts: list[VerdictShown]
    timeline: list[TimelineShown]


class WatchdogShown(Shown):
    name: str
    rule: str = Field(description="`name (file:line)`")
    source: str
    every_seconds: int = Field(description="the longest silence that is allowed")
    hold_resolves: bool = Field(description="ends from this source wait for its heartbeat")
    last_heartbeat: datetime | None
    missing_since: datetime | None


class WatchdogList(Shown):
    items: list[WatchdogShown]


class RulesShown(Shown):
    revision: str
    loaded_at: datetime | None
    findings: list[str] = Field(description="of the last attempt to load: what keeps it from being in force")
    destinations: list[str]
    routes: list[str]
    unknown_severities: dict[str, int] = Field(
        description="alerts that were read, by a word of theirs that no rule knows"
    )


class IncidentPage(Shown):
    """`next` is the cursor of the next page, null after the last; a page may be shorter than `limit`, even
    empty.
    """

    items: list[IncidentShown]
    next: str | None


class AlertPage(Shown):
    items: list[AlertShown]
    next: str | None


class VerdictPage(Shown):
    items: list[VerdictShown]
    next: str | None


class Done(Shown):
    status: str = "ok"


class Problem(Shown):
    error: str
    field: str = ""
    remedy: str = ""


class Acknowledge(Asked):
    by: By | None = None
    note: Prose = Field("", description="what is to be said of it in the threads of its messages")


class AskedBy(Asked):
    by: By | None = None


class AskedSnooze(Asked):
    by: By | None = None
    duration: Length = Field(description="`30m`, `2h`: up to 7d")


class Close(Asked):
    by: By | None = None
    note: Prose = ""
