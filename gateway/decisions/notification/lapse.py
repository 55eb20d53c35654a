"""Decide which actions of people on an incident no longer hold."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from gateway.model.alert import Alert
from gateway.model.incident import Incident
from gateway.model.severity import Severity


def lapse(incident: Incident, firing: Collection[Alert], now: int, wall: int) -> Incident:
    """Return the incident without those actions of people that no longer hold; people
    call the time `wall` (ms).

    A close by hand and a snooze lapse when their time is over. They and an acknowledgement lapse when an
    alert is worse than any was when the person acted.
    """
    worst = max((alert.severity for alert in firing), default=Severity.NONE)
    closed, acknowledged, snoozed = incident.closed, incident.acknowledged, incident.snoozed
    if closed is not None and (now >= closed.until or worst > closed.severity):
        closed = None
    # Whoever took a warning did not take the critical alert that it has become: somebody has to be called
    # again.
    if acknowledged is not None and worst > acknowledged.severity:
        acknowledged = None
    # What has ended is over for whoever snoozed it: if it fires again, that is news.
    if snoozed is not None and (wall >= snoozed.until or worst > snoozed.severity or not firing):
        snoozed = None
    changed = (closed, acknowledged, snoozed)
    if changed == (incident.closed, incident.acknowledged, incident.snoozed):
        return incident
    return msgspec.structs.replace(incident, closed=closed, acknowledged=acknowledged, snoozed=snoozed)
