"""Decide which members of an incident must not be notified now, why, by which rule, and until when.

The decision is made again just before each send. Only notifications that something fires are suppressed;
people who were notified of a firing are always notified of its end.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from gateway.decisions.calendar import Calendar
from gateway.decisions.controls import CompiledControls
from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.route import Recipient
from gateway.decisions.rule_index import RuleIndex
from gateway.decisions.sources.watchdogs import Watchdogs
from gateway.decisions.suppression.inhibit import Inhibitor
from gateway.model.alert import Alert
from gateway.model.incident import Incident, Member
from gateway.model.instants import earliest
from gateway.model.rules.kinds import Maintenance
from gateway.model.rules.rulebook import Rulebook
from gateway.model.severity import Severity
from gateway.model.verdict import MemberStatus, Reason, Verdict


class Suppressor:
    """The suppressing rules of one rule set, compiled."""

    def __init__(self, rules: Rulebook, calendar: Calendar) -> None:
        self._calendar = calendar
        self._maintenance = rules.maintenance
        self._maintained = RuleIndex([maintenance.match for maintenance in rules.maintenance])
        self._four_eyes = rules.silences.four_eyes
        self.inhibitor = Inhibitor(rules.inhibit, rules.partition_by)
        self.watchdogs = Watchdogs(rules, calendar)

    def verdict(
        self, snapshot: IncidentSnapshot, member: Member, alert: Alert, *, named: bool, now: int
    ) -> Verdict | None:
        """Return what keeps this member from being notified at all its destinations; None where nothing does.

        `named` says that a route with matchers of its own speaks of this alert, so that a severity of none
        does not silence it. A suppression goes before a hold, so that people see the reason that lasts
        longer.
        """
        # A heartbeat says that all is well: not even a bypass shows it to anybody.
        heartbeat = self.watchdogs.heartbeat(alert)
        if heartbeat is not None:
            return heartbeat
        # The alert says of itself that it needs nobody: a bypass stands for distrust of rules, not of alerts.
        if alert.severity is Severity.NONE and not named:
            return Verdict(MemberStatus.SUPPRESSED, Reason.SEVERITY_NONE)
        if snapshot.controls.bypass(now) is not None:
            return None
        closed = snapshot.incident.closed
        # Whoever closed the incident saw the members of that time; one that joined later is told of.
        if closed is not None and member.joined_at <= closed.at:
            return Verdict(MemberStatus.SUPPRESSED, Reason.CLOSED_BY_HAND, closed.by, closed.until)
        # A person's silence is named before a maintenance rule: its maker can be asked what is going on.
        silenced = snapshot.controls.silenced(
            alert, member.joined_at, self._calendar, now, four_eyes=self._four_eyes
        )
        if silenced is not None:
            return silenced
        # Work was announced, so the alert is expected; what fires on after the work is told.
        maintained = self._maintained_by(alert, now) if self._maintenance else None
        if maintained is not None:
            until = self._until(maintained, now)
            return Verdict(MemberStatus.SUPPRESSED, Reason.MAINTENANCE, maintained.described, until)
        inhibited = self._inhibited(snapshot, member, alert, now) if alert.firing else None
        if inhibited is not None and inhibited.outcome == MemberStatus.SUPPRESSED:
            return inhibited
        # This firing may be a delayed webhook, so wait until the source has had time to resend the end.
        if alert.firing and alert.is_disputed(now):
            return Verdict(MemberStatus.HELD, Reason.DISPUTED, until=alert.held_until)
        return inhibited

    def resolve_held_by(self, snapshot: IncidentSnapshot, alert: Alert, now: int) -> Verdict | None:
        """Return what keeps the end of an alert from being notified now; None where nothing does."""
        held = self.watchdogs.resolve_held_by(alert, snapshot.heartbeats, now)
        # A bypass shows everything as it comes, an end that may be false included.
        return held if held is None or snapshot.controls.bypass(now) is None else None

    def _inhibited(
        self, snapshot: IncidentSnapshot, member: Member, alert: Alert, now: int
    ) -> Verdict | None:
        """Return the verdict of the inhibit rules: suppressed by a source, or held for a late one."""
        held: Verdict | None = None
        for subscription in self.inhibitor.subscriptions(alert.labels):
            rule = subscription.rule
            if not self._calendar.holds(rule.hours, now):
                continue
            sources = snapshot.topic_sources
            source = next((sources[topic] for topic in subscription.topics if topic in sources), None)
            # The cause fires: this alert is only its consequence, and would tell people nothing new.
            if source is not None:
                until = self._calendar.until(rule.hours.names, now)
                because = f"{source.name} fires"
                return Verdict(MemberStatus.SUPPRESSED, Reason.INHIBITED, rule.described, until, because)
            # No cause fires yet, but its alert may take longer than this one: wait, so that the cause is told
            # alone.
            waits = alert.waits_since(member.joined_at) + rule.wait
            if waits > now and (held is None or held.until is None or waits > held.until):
                held = Verdict(MemberStatus.HELD, Reason.INHIBIT_WAIT, rule.described, waits)
        return held

    def muted(
        self, controls: CompiledControls, recipient: Recipient, alert: Alert, now: int
    ) -> Verdict | None:
        """Return what keeps this one recipient quiet now: a pause of paging, or a mute of its route."""
        # During a bypass neither mutes nor a pause withhold anything: people do not trust the rules now.
        if controls.bypass(now) is not None:
            return None
        # A pause keeps every page away, a critical one too: whoever paused wants nobody to be called.
        paused = controls.paused(now) if recipient.page else None
        if paused is not None:
            return paused
        mute = recipient.route.mute
        names = mute.names(page=recipient.page)
        # A critical alert breaks through a mute, unless the route says `mute_critical`.
        if not names or (alert.severity is Severity.CRITICAL and not mute.critical):
            return None
        intervals = [name for name in names if self._calendar.contains(name, now)]
        if not intervals:
            return None
        until = self._calendar.until(names, now)
        return Verdict(MemberStatus.SUPPRESSED, Reason.MUTED, recipient.rule, until, ", ".join(intervals))

    def next_change(self, now: int) -> int | None:
        """Return when the clock alone next changes what is suppressed (ms), None if it does not."""
        windows = [(maintenance.start, maintenance.end) for maintenance in self._maintenance]
        times = [time for window in windows for time in window if time is not None and time > now]
        return earliest(self._calendar.next_change(now), *times)

    def _maintained_by(self, alert: Alert, now: int) -> Maintenance | None:
        for number in self._maintained.matching(alert.labels):
            maintenance = self._maintenance[number]
            if _under_way(maintenance, now) and self._calendar.holds(maintenance.hours, now):
                return maintenance
        return None

    def _until(self, maintenance: Maintenance, now: int) -> int | None:
        return earliest(maintenance.end, self._calendar.until(maintenance.hours.names, now))


def _under_way(maintenance: Maintenance, now: int) -> bool:
    begun = maintenance.start is None or maintenance.start <= now
    return begun and (maintenance.end is None or now < maintenance.end)


def lapse(incident: Incident, firing: Iterable[Alert], now: int) -> Incident:
    """Return the incident without those actions of people that no longer hold.

    A close by hand lapses when its time is over. A close and an acknowledgement both lapse when an alert is
    worse than any was when the person acted.
    """
    worst = max((alert.severity for alert in firing), default=Severity.NONE)
    closed, acknowledged = incident.closed, incident.acknowledged
    if closed is not None and (now >= closed.until or worst > closed.severity):
        closed = None
    # Whoever took a warning did not take the critical alert that it has become: somebody has to be called
    # again.
    if acknowledged is not None and worst > acknowledged.severity:
        acknowledged = None
    if closed is incident.closed and acknowledged is incident.acknowledged:
        return incident
    return msgspec.structs.replace(incident, closed=closed, acknowledged=acknowledged)
