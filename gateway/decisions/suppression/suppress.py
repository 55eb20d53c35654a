"""Decide which members of an incident must not be notified now, why, by which rule, and until when.

The decision is made again just before each send. Only notifications that something fires are suppressed;
people who were notified of a firing are always notified of its end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.decisions.calendar import Calendar
from gateway.decisions.controls import CompiledControls
from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.route import Recipient
from gateway.decisions.rule_index import RuleIndex
from gateway.decisions.sources.watchdogs import Watchdogs
from gateway.decisions.suppression.inhibit import Inhibitor
from gateway.model.alert import Alert
from gateway.model.instants import earliest
from gateway.model.members import Member
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
        if snapshot.controls.bypass(snapshot.wall(now)) is not None:
            return None
        found = next(self._keeping_quiet(snapshot, member, alert, now), None)
        if found is not None and found.outcome == MemberStatus.SUPPRESSED:
            return found
        # This firing may be a delayed webhook, so wait until the source has had time to resend the end.
        if alert.firing and alert.is_disputed(now):
            return Verdict(MemberStatus.HELD, Reason.DISPUTED, until=alert.held_until)
        return found

    def suppressing(
        self,
        snapshot: IncidentSnapshot,
        member: Member,
        alert: Alert,
        recipients: Sequence[Recipient],
        now: int,
    ) -> Iterator[Verdict]:
        """Yield all that suppresses the member on its ways to one target, each by itself, but for a bypass."""
        for verdict in self._keeping_quiet(snapshot, member, alert, now):
            if verdict.outcome == MemberStatus.SUPPRESSED:
                yield verdict
        wall = snapshot.wall(now)
        muted = [self.muted(snapshot.controls, recipient, alert, wall) for recipient in recipients]
        # While one way is open it is told.
        if all(muted):
            yield from (verdict for verdict in muted if verdict is not None)

    def _keeping_quiet(
        self, snapshot: IncidentSnapshot, member: Member, alert: Alert, now: int
    ) -> Iterator[Verdict]:
        """Yield what keeps the member quiet at all its destinations, in the order in which people are
        told of it.

        What only holds it comes last.
        """
        incident, wall = snapshot.incident, snapshot.wall(now)
        closed, snoozed = incident.closed, incident.snoozed
        # Whoever closed the incident saw the members of that time; one that joined later is told of.
        if closed is not None and member.joined_at <= closed.at:
            yield Verdict(MemberStatus.SUPPRESSED, Reason.CLOSED_BY_HAND, closed.by, closed.until)
        # Whoever snoozed the incident saw the members of that time; news that joined later is told.
        if snoozed is not None and member.joined_at <= snoozed.at:
            yield Verdict(MemberStatus.SUPPRESSED, Reason.SNOOZED, f"snooze by {snoozed.by}", snoozed.until)
        # A person's silence is named before a maintenance rule: its maker can be asked what is going on.
        if snapshot.controls.has_silences:
            yield from snapshot.controls.silencing(
                alert, snapshot.wall(member.joined_at), self._calendar, wall, four_eyes=self._four_eyes
            )
        # Work was announced, so the alert is expected; what fires on after the work is told.
        if self._maintenance:
            for maintained in self._maintained_by(alert, wall):
                until = self._until(maintained, wall)
                yield Verdict(MemberStatus.SUPPRESSED, Reason.MAINTENANCE, maintained.described, until)
        if alert.firing and self.inhibitor.has_rules:
            yield from self._inhibited(snapshot, member, alert, now)

    def resolve_held_by(self, snapshot: IncidentSnapshot, alert: Alert, now: int) -> Verdict | None:
        """Return what keeps the end of an alert from being notified now; None where nothing does."""
        held = self.watchdogs.resolve_held_by(alert, snapshot.heartbeats, now, snapshot.ahead)
        # A bypass shows everything as it comes, an end that may be false included.
        return held if held is None or snapshot.controls.bypass(snapshot.wall(now)) is None else None

    def _inhibited(
        self, snapshot: IncidentSnapshot, member: Member, alert: Alert, now: int
    ) -> Iterator[Verdict]:
        """Yield the verdicts of the inhibit rules: suppressed by sources, and held for a late one."""
        held: Verdict | None = None
        wall = snapshot.wall(now)
        for subscription in self.inhibitor.subscriptions(alert.labels):
            rule = subscription.rule
            if not self._calendar.holds(rule.hours, wall):
                continue
            sources = snapshot.topic_sources
            source = next((sources[topic] for topic in subscription.topics if topic in sources), None)
            # The cause fires: this alert is only its consequence, and would tell people nothing new.
            if source is not None:
                until = self._calendar.until(rule.hours.names, wall)
                because = f"{source.name} fires"
                yield Verdict(MemberStatus.SUPPRESSED, Reason.INHIBITED, rule.described, until, because)
                continue
            # No cause fires yet, but its alert may take longer than this one: wait, so that the cause is told
            # alone.
            waits = alert.waits_since(member.joined_at) + rule.wait
            if waits > now and (held is None or held.until is None or waits > held.until):
                held = Verdict(MemberStatus.HELD, Reason.INHIBIT_WAIT, rule.described, waits)
        if held is not None:
            yield held

    def inhibitors(self, snapshot: IncidentSnapshot, alert: Alert, rule: str) -> Iterator[Alert]:
        """Yield the alerts for which this rule, as it is described, inhibits the alert."""
        sources = snapshot.topic_sources
        for subscription in self.inhibitor.subscriptions(alert.labels):
            if subscription.rule.described == rule:
                yield from (sources[topic] for topic in subscription.topics if topic in sources)

    def muted(
        self, controls: CompiledControls, recipient: Recipient, alert: Alert, wall: int
    ) -> Verdict | None:
        """Return what keeps this one recipient quiet when people call the time `wall` (ms): a pause of
        paging, or a mute of its route.
        """
        # During a bypass neither mutes nor a pause withhold anything: people do not trust the rules now.
        if controls.bypass(wall) is not None:
            return None
        # A pause keeps every page away, a critical one too: whoever paused wants nobody to be called.
        paused = controls.paused(wall) if recipient.page else None
        if paused is not None:
            return paused
        mute = recipient.route.mute
        names = mute.names(page=recipient.page)
        # A critical alert breaks through a mute, unless the route says `mute_critical`.
        if not names or (alert.severity is Severity.CRITICAL and not mute.critical):
            return None
        intervals = [name for name in names if self._calendar.contains(name, wall)]
        if not intervals:
            return None
        until = self._calendar.until(names, wall)
        return Verdict(MemberStatus.SUPPRESSED, Reason.MUTED, recipient.rule, until, ", ".join(intervals))

    def next_change(self, wall: int) -> int | None:
        """Return what people will call the time when the clock alone next changes what is suppressed (ms),
        None if it does not. They call it `wall` now.
        """
        windows = [(maintenance.start, maintenance.end) for maintenance in self._maintenance]
        times = [time for window in windows for time in window if time is not None and time > wall]
        return earliest(self._calendar.next_change(wall), *times)

    def _maintained_by(self, alert: Alert, wall: int) -> Iterator[Maintenance]:
        for number in self._maintained.matching(alert.labels):
            maintenance = self._maintenance[number]
            if _under_way(maintenance, wall) and self._calendar.holds(maintenance.hours, wall):
                yield maintenance

    def _until(self, maintenance: Maintenance, wall: int) -> int | None:
        return earliest(maintenance.end, self._calendar.until(maintenance.hours.names, wall))


def _under_way(maintenance: Maintenance, wall: int) -> bool:
    begun = maintenance.start is None or maintenance.start <= wall
    return begun and (maintenance.end is None or wall < maintenance.end)
