"""The models of silences, pauses and bypasses in the REST API. Times are RFC 3339 in UTC, null for never."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from gateway.inbound.api.incident_models import Asked, Shown
from gateway.inbound.api.typed_texts import By, LengthOrNone, Line, Prose


class AskedSilence(Asked):
    """`ends_at` or `duration`, unless it ends with what fires now (`until_resolved`)."""

    matchers: list[str] = Field(
        min_length=1,
        max_length=50,
        description='as in Alertmanager: `service="cart"`',
    )
    by: By | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    duration: LengthOrNone = Field(default="", description="`2h`, `90m`, `3d`: from its start on")
    reason: Prose = ""
    ticket: Line = ""
    during: list[str] = Field(
        default=[], max_length=20, description="time intervals of the rules: it comes again in each of them"
    )
    until_resolved: bool = Field(
        default=False,
        description="covers what fires now, and ends when that has ended",
    )
    confirm: bool = Field(default=False, description="make it in spite of the preview's warnings")


class SilenceShown(Shown):
    id: str
    state: str = Field(description="pending, active, resting (recurring, between two intervals) or ended")
    matchers: list[str]
    by: str
    by_person: bool = Field(
        description="`by` has shown a token of their own, or pressed in Slack; else it is a name that was typed"
    )
    reason: str
    ticket: str
    created_at: datetime | None
    starts_at: datetime | None
    ends_at: datetime | None
    during: list[str]
    until_resolved: bool
    approved_by: str = Field(description="a second person, where the policy wants one for critical alerts")
    needs_approval: bool = Field(
        description="the policy wants a second person, and nobody has approved it: it covers no critical alert"
    )
    ended_by: str = Field(description="who or what ended it before its time")


class SilencePreview(Shown):
    """The alerts that a silence would hide, counted before it is made."""

    firing: int = Field(description="alerts that fire now")
    firing_hidden: int
    recent: int = Field(description="episodes of the last 7 days, those that fire included")
    recent_hidden: int
    critical: int = Field(description="hidden ones of the last 7 days that are critical")
    names: dict[str, int] = Field(description="the most frequent of what it hides, by alertname")
    looked_at: int = Field(description="alerts and past episodes that it was compared with")
    complete: bool = Field(
        description="false where time or number left some out: what is counted is then the least that it hides"
    )
    warnings: list[str]


class SilenceList(Shown):
    items: list[SilenceShown]


class AskedEnd(Asked):
    by: By | None = None


class AskedExtension(Asked):
    """`ends_at`, or `duration` from now on."""

    by: By | None = None
    ends_at: datetime | None = None
    duration: LengthOrNone = ""


class AskedOrder(Asked):
    by: By | None = None
    duration: LengthOrNone = Field(default="", description="from now on, a day at most; empty lifts it")
    reason: Prose = ""


class OrderShown(Shown):
    by: str
    since: datetime | None
    until: datetime | None
    reason: str


class OrdersShown(Shown):
    """The orders that change everything for a while; null where one does not stand."""

    pause: OrderShown | None = Field(description="nobody is paged")
    bypass: OrderShown | None = Field(description="nothing is suppressed")
