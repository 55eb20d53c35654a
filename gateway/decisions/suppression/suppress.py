"""Suppress: who of an incident's members must not be told now, why, by which rule, and until when.

Looked at just before each send. What is suppressed is the telling that something fires, never the telling that it ended.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from gateway.decisions.calendar import NEVER, Calendar
from gateway.decisions.controls import CompiledControls
from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.route import Recipient
from gateway.decisions.rule_index import RuleIndex
from gateway.decisions.sources.watchdogs import Watchdogs
from gateway.decisions.suppression.inhibit import Inhibitor
from gateway.model.alert import Alert
from gateway.model.incident import Incident, Member
from gateway.model.rules.kinds import Maintenance
from gateway.model.rules.rulebook import Rulebook
from gateway.model.severity import Severity
from gateway.model.verdict import MemberStatus, Reason, Verdict


class Suppressor:
    """The suppressing rules of one rule set, compiled."""

    def __init__(self, rules: Rulebook, calendar: Calendar) -> None:
        self._calendar = calendar
        self._maintenance = rules.maintenance
        self._maintained = RuleIndex([one.match for one in rules.maintenance])
        self._four_eyes = rules.silences.four_eyes
        self.inhibitor = Inhibitor(rules.inhibit, rules.partition_by)
        self.watchdogs = Watchdogs(rules, calendar)

    def verdict(self, snapshot: IncidentSnapshot, member: Member, alert: Alert, *, named: bool, now: int) -> Verdict | None:
        """None: nothing keeps this member from being told, wherever it is routed. What suppresses goes before what holds."""
        heartbeat = self.watchdogs.heartbeat(alert)
        if heartbeat is not None or snapshot.controls.bypass(now) is not None:
            return heartbeat
        if alert.severity is Severity.NONE and not named:
            return Verdict(MemberStatus.SUPPRESSED, Reason.SEVERITY_NONE)
        closed = snapshot.incident.closed
        if closed is not None and member.joined_at <= closed.at:
            return Verdict(MemberStatus.SUPPRESSED, Reason.CLOSED_BY_HAND, closed.by, closed.until)
        silenced = snapshot.controls.silenced(alert, member.joined_at, self._calendar, now, four_eyes=self._four_eyes)
        if silenced is not None:
            return silenced
        maintained = self._maintained_by(alert, now) if self._maintenance else None
        if maintained is not None:
            until = self._until(maintained, now)
            return Verdict(MemberStatus.SUPPRESSED, Reason.MAINTENANCE, maintained.described, until if until < NEVER else 0)
        inhibited = self._inhibited(snapshot, member, alert, now) if alert.firing else None
        if inhibited is not None and inhibited.outcome == MemberStatus.SUPPRESSED:
            return inhibited
        if alert.firing and alert.held_until > now:
            return Verdict(MemberStatus.HELD, Reason.DISPUTED, until=alert.held_until)
        return inhibited

    def resolve_held_by(self, snapshot: IncidentSnapshot, alert: Alert, now: int) -> Verdict | None:
        """What keeps the end of an alert from being told now."""
        held = self.watchdogs.resolve_held_by(alert, snapshot.heartbeats, now)
        return held if held is None or snapshot.controls.bypass(now) is None else None

    def _inhibited(self, snapshot: IncidentSnapshot, member: Member, alert: Alert, now: int) -> Verdict | None:
        """By an alert that fires, or held back for one that may come late."""
        held: Verdict | None = None
        for watch in self.inhibitor.subscriptions(alert.labels):
            rule = watch.rule
            if not self._calendar.holds(rule.hours, now):
                continue
            source = next((snapshot.standing[topic] for topic in watch.topics if topic in snapshot.standing), None)
            if source is not None:
                until = self._calendar.until(rule.hours.names, now)
                because = f"{source.name} fires"
                return Verdict(
                    MemberStatus.SUPPRESSED, Reason.INHIBITED, rule.described, until if until < NEVER else 0, because
                )
            waits = member.joined_at + rule.wait
            if waits > now and (held is None or waits > held.until):
                held = Verdict(MemberStatus.HELD, Reason.INHIBIT_WAIT, rule.described, waits)
        return held

    def muted(self, controls: CompiledControls, recipient: Recipient, alert: Alert, now: int) -> Verdict | None:
        """Is this way of telling it quiet now? Critical breaks through a mute, unless the route says otherwise; nothing a pause."""
        if controls.bypass(now) is not None:
            return None
        paused = controls.paused(now) if recipient.page else None
        if paused is not None:
            return paused
        mute = recipient.route.mute
        names = mute.names(page=recipient.page)
        if not names or (alert.severity is Severity.CRITICAL and not mute.critical):
            return None
        if not any(self._calendar.contains(name, now) for name in names):
            return None
        until = self._calendar.until(names, now)
        return Verdict(MemberStatus.SUPPRESSED, Reason.MUTED, recipient.rule, until if until < NEVER else 0)

    def next_change(self, now: int) -> int:
        """When the clock alone next makes something suppressed, or no longer so; `NEVER` where it does not."""
        times = [time for one in self._maintenance for time in (one.start, one.end) if time > now]
        return min([self._calendar.next_change(now), *times])

    def _maintained_by(self, alert: Alert, now: int) -> Maintenance | None:
        for number in self._maintained.matching(alert.labels):
            one = self._maintenance[number]
            if one.start <= now and (not one.end or now < one.end) and self._calendar.holds(one.hours, now):
                return one
        return None

    def _until(self, one: Maintenance, now: int) -> int:
        return min(one.end or NEVER, self._calendar.until(one.hours.names, now))


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
