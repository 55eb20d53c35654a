"""Remember which groups Alertmanager cut short, and have every incident with an alert of such a group say so.

The number stands in the incidents' records, so that whoever renders one needs nothing else. The alerts that
were left out are no members: nobody knows what they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.model.alert import Alert, Observation
from gateway.model.durations import MINUTE
from gateway.model.truncated_groups import GroupReport, TruncatedGroup, TruncatedGroups

MAX_GROUPS = 500  # of one shard; the group that was heard of longest ago makes room
MAX_INCIDENTS = 50  # of one group; further ones are told too, and keep the number until they are over
SAID_STEP = MINUTE  # `at` is written at most this often, so that a repeat costs no write


@dataclass(slots=True)
class GroupSaid:
    """The last report of a batch about one group. `alerts` are those of it that the batch named."""

    report: GroupReport
    alerts: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Truncation:
    """The groups of one batch that were cut short, or are whole again; `before` is as it was read."""

    before: TruncatedGroups
    now: int
    said: dict[str, GroupSaid] = field(default_factory=dict)

    def wanted(self, alerts: Mapping[str, Alert | None]) -> list[str]:
        """Return the incidents that have to be read: they may have to say another number."""
        known = [incident for name in self.said for incident in self.incidents_before(name)]
        named = [alerts.get(alert_id) for group in self.said.values() for alert_id in group.alerts]
        of_alerts = [alert.incident for alert in named if alert is not None and alert.incident]
        return list(dict.fromkeys([*known, *of_alerts]))

    def incidents_before(self, name: str) -> tuple[str, ...]:
        group = self.before.groups.get(name)
        return group.incidents if group is not None else ()

    def after(self, incidents: Mapping[str, Sequence[str]]) -> TruncatedGroups:
        """Return the record as it is to be; `incidents` are those of each group now, the same where nothing
        changes.
        """
        groups = self.before.standing(self.now)
        for name, group in self.said.items():
            known = groups.pop(name, None)
            if group.report.left_out:
                groups[name] = _heard(known, group.report, incidents.get(name, ()), self.now)
        kept = dict(sorted(groups.items(), key=lambda item: item[1].at)[-MAX_GROUPS:])
        return self.before if kept == self.before.groups else TruncatedGroups(kept)


def truncation_of(
    observations: Sequence[Observation], reports: Sequence[GroupReport], before: TruncatedGroups, now: int
) -> Truncation:
    """Find the groups that these reports say were cut short, or are whole again.

    What is said of a group counts also where no alert of it is here: its alerts may all be in quarantine, or
    in other shards.
    """
    found = Truncation(before, now)
    for report in reports:
        # A group that was never cut short needs no look: that is nearly all of them.
        if report.left_out or report.name in before.groups or report.name in found.said:
            found.said[report.name] = GroupSaid(report)
    for seen in observations:
        if (group := found.said.get(seen.group)) is not None:
            group.alerts[seen.alert] = None
    return found


def _heard(
    known: TruncatedGroup | None, report: GroupReport, incidents: Sequence[str], now: int
) -> TruncatedGroup:
    left_out, over = report.left_out, report.over
    if known is None:
        return TruncatedGroup(left_out, now, now, tuple(incidents)[-MAX_INCIDENTS:], over)
    at = now if now - known.at >= SAID_STEP else known.at
    together = tuple(dict.fromkeys([*known.incidents, *incidents]))[-MAX_INCIDENTS:]
    return TruncatedGroup(left_out, known.since, at, together, over)
