"""What the REST API shows and takes; OpenAPI is made from these. Times are RFC 3339 in UTC, null for never."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class Shown(BaseModel):
    model_config = ConfigDict(frozen=True)


class Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class VerdictShown(Shown):
    """What one member is to one target, and why."""

    incident: str
    alert: str = Field(description="the alert's id")
    name: str = Field(description="its alertname")
    target: str | None = Field(description="the destination (and channel), null where no target sees the alert")
    standing: str = Field(description="told, undeliverable, suppressed, held or due")
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
    end_inferred: bool = Field(description="nobody reported its end: its source is silent of it, or has it no more")
    last_seen: datetime | None = Field(description="the last webhook that spoke of it, to the minute")
    copies: dict[str, bool] = Field(description="source/fingerprint → does this copy fire")
    incident: str | None


class AcknowledgedShown(Shown):
    by: str
    at: datetime | None


class ClosedShown(Shown):
    by: str
    at: datetime | None
    until: datetime | None
    note: str


class TargetShown(Shown):
    """What one target was told, and what is still open with it."""

    target: str
    told: str = Field(description="none, firing, closed, ended or moved")
    generation: int
    first_told_at: datetime | None
    told_at: datetime | None
    remote: str | None = Field(description="the vendor's name of our message: Slack's ts, PagerDuty's dedup key")
    attempts: int
    failing_since: datetime | None
    error: str | None
    dead_letter: str | None


class IncidentShown(Shown):
    id: str
    state: str = Field(description="open, acknowledged, closed_by_hand, quiet or resolved")
    severity: str
    title: str
    firing: int
    members: int
    opened_at: datetime | None
    last_change_at: datetime | None
    resolved_at: datetime | None
    acknowledged: AcknowledgedShown | None
    closed: ClosedShown | None
    correlated_by: str
    previous: str | None
    targets: list[str]


class TimelineShown(Shown):
    at: datetime | None
    what: str
    detail: dict[str, str | int]


class IncidentWhole(IncidentShown):
    alerts: list[AlertShown]
    ledgers: list[TargetShown]
    verdicts: list[VerdictShown]
    timeline: list[TimelineShown]


class QuarantinedShown(Shown):
    id: str
    source: str
    field: str
    error: str
    whole_body: bool
    times: int
    last_seen: datetime | None
    raw: str = Field(description="the first 64 KiB of what arrived, undecodable bytes replaced")


class ReplayShown(Shown):
    taken: int = Field(description="alerts taken, as if they had just been sent")
    too_old: int = Field(description="that fired so long ago that it says nothing of now: passed over")


class DeadLetterShown(TargetShown):
    incident: str


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


class IncidentPage(Shown):
    """`next` is the cursor of the next page, null after the last; a page may be shorter than `limit`, even empty."""

    items: list[IncidentShown]
    next: str | None


class AlertPage(Shown):
    items: list[AlertShown]
    next: str | None


class VerdictPage(Shown):
    items: list[VerdictShown]
    next: str | None


class DeadLetterPage(Shown):
    items: list[DeadLetterShown]
    next: str | None


class QuarantineList(Shown):
    items: list[QuarantinedShown]
    evicted: int = Field(description="how many entries made room for newer ones, ever")


class Done(Shown):
    status: str = "ok"


class Problem(Shown):
    error: str
    field: str = ""
    remedy: str = ""


class Acknowledge(Asked):
    by: str = Field(min_length=1, max_length=200, description="who has it")


class Close(Asked):
    by: str = Field(min_length=1, max_length=200)
    note: str = Field(default="", max_length=2000)


class AskedSilence(Asked):
    """`ends_at` or `duration`, unless it ends with what fires now (`until_resolved`)."""

    matchers: list[str] = Field(min_length=1, max_length=50, description='as in Alertmanager: `service="cart"`')
    by: str = Field(min_length=1, max_length=200, description="who makes it")
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    duration: str = Field(default="", description="`2h`, `90m`, `3d`: from its start on")
    reason: str = Field(default="", max_length=2000)
    ticket: str = Field(default="", max_length=200)
    during: list[str] = Field(
        default=[], max_length=20, description="time intervals of the rules: it comes again in each of them"
    )
    until_resolved: bool = Field(default=False, description="covers what fires now, and ends when that has ended")
    confirm: bool = Field(default=False, description="make it in spite of the preview's warnings")


class SilenceShown(Shown):
    id: str
    state: str = Field(description="pending, active, resting (recurring, between two intervals) or ended")
    matchers: list[str]
    by: str
    reason: str
    ticket: str
    created_at: datetime | None
    starts_at: datetime | None
    ends_at: datetime | None
    during: list[str]
    until_resolved: bool
    approved_by: str = Field(description="a second person, where the policy wants one for critical alerts")
    ended_by: str = Field(description="who or what ended it before its time")


class SilencePreview(Shown):
    """What a silence would hide, counted before it is made."""

    firing: int = Field(description="alerts that fire now")
    firing_hidden: int
    recent: int = Field(description="episodes of the last 7 days, those that fire included")
    recent_hidden: int
    critical: int = Field(description="hidden ones of the last 7 days that are critical")
    names: dict[str, int] = Field(description="the most frequent of what it hides, by alertname")
    warnings: list[str]


class SilenceList(Shown):
    items: list[SilenceShown]


class AskedEnd(Asked):
    by: str = Field(min_length=1, max_length=200)


class AskedExtension(Asked):
    """`ends_at`, or `duration` from now on."""

    by: str = Field(min_length=1, max_length=200)
    ends_at: datetime | None = None
    duration: str = ""


class AskedOrder(Asked):
    by: str = Field(min_length=1, max_length=200)
    duration: str = Field(default="", description="from now on, a day at most; empty lifts it")
    reason: str = Field(default="", max_length=2000)


class OrderShown(Shown):
    by: str
    since: datetime | None
    until: datetime | None
    reason: str


class OrdersShown(Shown):
    """What changes everything for a while; null where it does not stand."""

    pause: OrderShown | None = Field(description="nobody is paged")
    bypass: OrderShown | None = Field(description="nothing is suppressed")
