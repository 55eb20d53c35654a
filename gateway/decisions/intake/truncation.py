"""Remember which groups Alertmanager cut short, and have every incident with an alert of such a group say so.

The number stands in the incidents' records, so that whoever renders one needs nothing else. The alerts that
were left out are no members: nobody knows what they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.model.alert import Alert, Observation
from gateway.model.durations import MINUTE
from gateway.model.truncated_groups import TruncatedGroup, TruncatedGroups

MAX_GROUPS = 500  # of one shard; the group that was heard of longest ago makes room
MAX_INCIDENTS = 50  # of one group; further ones are told too, and keep the number until they are over
SAID_STEP = MINUTE  # `at` is written at most this often, so that a repeat costs no write


@dataclass(slots=True)
class GroupSaid:
    """The last word of a batch about one group.

    `left_out` is 0 for a group that is whole again. `alerts` are those of it that the batch named.
    """

    left_out: int = 0
    trace: str = ""
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
            if group.left_out:
                groups[name] = _heard(known, group.left_out, incidents.get(name, ()), self.now)
        kept = dict(sorted(groups.items(), key=lambda item: item[1].at)[-MAX_GROUPS:])
        return self.before if kept == self.before.groups else TruncatedGroups(kept)


def truncation_of(observations: Sequence[Observation], before: TruncatedGroups, now: int) -> Truncation:
    """Find the groups that these observations say were cut short, or are whole again."""
    found = Truncation(before, now)
    for seen in observations:
        # A group that was never cut short needs no look: that is nearly all of them.
        if not seen.group or not (seen.left_out or seen.group in before.groups or seen.group in found.said):
            continue
        group = found.said.setdefault(seen.group, GroupSaid())
        group.left_out, group.trace = seen.left_out, seen.trace
        group.alerts[seen.alert] = None
    return found


def _heard(known: TruncatedGroup | None, left_out: int, incidents: Sequence[str], now: int) -> TruncatedGroup:
    if known is None:
        return TruncatedGroup(left_out, now, now, tuple(incidents)[-MAX_INCIDENTS:])
    at = now if now - known.at >= SAID_STEP else known.at
    together = tuple(dict.fromkeys([*known.incidents, *incidents]))[-MAX_INCIDENTS:]
    return TruncatedGroup(left_out, known.since, at, together)
