"""The rules read out plainly, member by member: who may be told of what now, and since when that is so.

It shares nothing with the gateway's own decisions but the records, the matchers and the intervals. Times in
ms of the store's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from gateway.model.alert import Alert
from gateway.model.changes import Table
from gateway.model.durations import DAY, MINUTE
from gateway.model.incident import Incident
from gateway.model.matchers import Matcher
from gateway.model.members import Member
from gateway.model.records import load_alert
from gateway.model.rules.kinds import InhibitRule
from gateway.model.rules.route import Hours, Route
from gateway.model.rules.rulebook import Rulebook
from gateway.model.severity import Severity
from tests.support.world import World

PAGER = "pager"


@dataclass
class Reading:
    """`changed_at` is when anything but the clock last changed; `silences` are matchers with a start and an
    end.
    """

    world: World
    rules: Rulebook
    minutes: frozenset[int]  # of the day, at which an interval or work may begin or end
    changed_at: int
    silences: list[tuple[tuple[Matcher, ...], int, int]] = field(default_factory=list)
    paused_until: int = 0

    @property
    def route(self) -> Route:
        return self.rules.routes[0]

    def alerts(self) -> dict[str, Alert]:
        found = [load_alert(row.value) for row in self.world.store.rows[Table.ALERTS].values()]
        return {one.id: one for one in found}

    def firing(self) -> Iterator[tuple[Incident, Member, Alert]]:
        alerts = self.alerts()
        for incident in self.world.incidents:
            for member in incident.members:
                alert = alerts[member.alert]
                if alert.firing and alert.episode == member.episode and alert.incident == incident.id:
                    yield incident, member, alert

    def during(self, name: str, now: int) -> bool:
        moment = datetime.fromtimestamp(now / 1000, UTC)
        return any(one.contains(moment) for one in self.rules.intervals[name])

    def in_force(self, hours: Hours, now: int) -> bool:
        within = not hours.during or any(self.during(one, now) for one in hours.during)
        return within and not any(self.during(one, now) for one in hours.not_during)

    def routed(self, now: int) -> bool:
        return self.in_force(self.route.hours, now)

    def quiet(self, target: str, member: Member, alert: Alert, now: int) -> str:
        """Why nobody is to be told of it at this target, empty where nothing keeps it; what only holds it
        back is not asked.
        """
        if not self.routed(now):
            return "unrouted"
        return self._for_everybody(member, alert, now) or self._at(target, alert, now)

    def _for_everybody(self, member: Member, alert: Alert, now: int) -> str:
        labels = alert.labels
        (incident,) = [one for one in self.world.incidents if one.id == alert.incident]
        if alert.severity is Severity.NONE:
            return "severity_none"
        if incident.closed and member.joined_at <= incident.closed.at and now < incident.closed.until:
            return "closed_by_hand"
        if any(start <= now < end and _match(matchers, labels) for matchers, start, end in self.silences):
            return "silenced"
        for work in self.rules.maintenance:
            in_time = (work.start or 0) <= now and (work.end is None or now < work.end)
            if in_time and _match(work.match, labels) and self.in_force(work.hours, now):
                return "maintenance"
        return "inhibited" if any(self._sources(rule, labels) for rule in self._inhibiting(labels)) else ""

    def _at(self, target: str, alert: Alert, now: int) -> str:
        mute = self.route.mute
        names = mute.page if target == PAGER else mute.notify
        if target == PAGER and now < self.paused_until:
            return "paused"
        breaks_through = alert.severity is Severity.CRITICAL and not mute.critical
        return "muted" if not breaks_through and any(self.during(name, now) for name in names) else ""

    def _inhibiting(self, labels: Mapping[str, str]) -> list[InhibitRule]:
        return [one for one in self.rules.inhibit if _match(one.target, labels)]

    def _sources(self, rule: InhibitRule, target: Mapping[str, str]) -> bool:
        return any(
            one.firing
            and _match(rule.source, one.labels)
            and all(one.labels.get(name, "") == target.get(name, "") for name in rule.equal)
            and not (_match(rule.source, target) and _match(rule.target, one.labels))
            for one in self.alerts().values()
        )

    def held_until(self, member: Member, alert: Alert) -> int:
        """Until when it may be held back for a source that comes late, or because it is disputed."""
        waits = [member.joined_at + rule.wait for rule in self._inhibiting(alert.labels)]
        until = max([member.joined_at, alert.held_until or 0, *waits])
        return (
            min(until, member.joined_at + self.route.longest_hold)
            if alert.severity is Severity.CRITICAL
            else until
        )

    def unchanged_since(self, now: int) -> int:
        """Since then neither anybody nor the clock has changed who may be told."""
        day = now - now % DAY
        bounds = [day + minute * MINUTE - back for minute in self.minutes for back in (0, DAY)]
        ends = [end for _, _, end in self.silences] + [self.paused_until]
        closed = [one.closed.until for one in self.world.incidents if one.closed]
        return max(
            [self.changed_at, *(one for one in (*bounds, *ends, *closed) if one is not None and one <= now)]
        )

    def overdue(self, target: str, member: Member, alert: Alert, now: int) -> bool:
        """Nothing keeps it quiet, and nothing may hold it back any more."""
        free_since = max(self.unchanged_since(now), self.held_until(member, alert))
        patience = max(self.route.group_wait, self.route.update_interval) + 5_000
        return not self.quiet(target, member, alert, now) and now >= free_since + patience


def _match(matchers: Sequence[Matcher], labels: Mapping[str, str]) -> bool:
    return all(one.matches(labels) for one in matchers)
