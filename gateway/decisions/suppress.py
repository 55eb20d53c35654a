"""Suppress: who of an incident's members must not be told now, why, by which rule, and until when.

Looked at just before each send. What is suppressed is the telling that something fires, never the telling that it ended.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from gateway.model.alert import Alert
from gateway.model.incident import Incident, Member
from gateway.model.severity import Severity
from gateway.model.verdict import Reason, Standing, Verdict


def suppression(incident: Incident, member: Member, alert: Alert, *, named: bool, now: int) -> Verdict | None:
    """None: nothing keeps this member from being told."""
    if alert.severity is Severity.NONE and not named:
        return Verdict(Standing.SUPPRESSED, Reason.SEVERITY_NONE)
    closed = incident.closed
    if closed is not None and member.joined_at <= closed.at:
        return Verdict(Standing.SUPPRESSED, Reason.CLOSED_BY_HAND, closed.by, closed.until)
    if alert.firing and alert.held_until > now:
        return Verdict(Standing.HELD, Reason.DISPUTED, until=alert.held_until)
    return None


def lapse(incident: Incident, firing: Iterable[Alert], now: int) -> Incident:
    """What people did to an incident ends when something in it gets worse than it was then, or when its time is over."""
    worst = max((alert.severity for alert in firing), default=Severity.NONE)
    closed, acknowledged = incident.closed, incident.acknowledged
    if closed is not None and (now >= closed.until or worst > closed.severity):
        closed = None
    if acknowledged is not None and worst > acknowledged.severity:
        acknowledged = None
    if closed is incident.closed and acknowledged is incident.acknowledged:
        return incident
    return msgspec.structs.replace(incident, closed=closed, acknowledged=acknowledged)
