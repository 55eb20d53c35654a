"""Apply one batch of observations to their alerts, which is phase one of intake. Phase two, `correlate`, is
in `assign_incidents.py`.

Between the two the incidents are read that the alerts of the first phase may join. Both work on values that
were read and give one set of changes, which is committed whole or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from gateway.decisions.intake.alert_lookup import AlertLookup
from gateway.decisions.intake.correlate import Correlator, Placement
from gateway.decisions.intake.deduplicate import observe
from gateway.decisions.intake.find_copy import find_copy
from gateway.decisions.intake.truncation import Truncation, truncation_of
from gateway.model.agenda import EXPIRY_PRIORITY, Subject, urgency
from gateway.model.alert import MAX_COPIES, Alert, Observation
from gateway.model.cells import RULES
from gateway.model.changes import Cell, Changes, Query, Table
from gateway.model.durations import spoken
from gateway.model.instants import written
from gateway.model.retention import KEEP_ENDED_MS
from gateway.model.truncated_groups import NO_TRUNCATED_GROUPS, GroupReport
from gateway.model.verdict import Outcome, Reason, Taken


class Turn(msgspec.Struct, frozen=True, gc=False):
    """An episode that opened or ended in this batch; `before` is the alert as it was."""

    before: Alert | None
    after: Alert
    opened: bool
    trace: str


@dataclass(slots=True)
class Deduplicated:
    """The meaning of the observations for the alerts that they belong to.

    `alerts` are as they are after the batch, `changed` names those of them that have changed. `verdicts` has
    one entry for each observation. `lines` are for the timelines of the incidents that the alerts are in,
    each with its alert. `keep_ended` is for how long (ms) what has ended is kept.
    """

    now: int
    alerts: dict[str, Alert | None]
    versions: dict[Cell, bytes]
    changes: Changes
    changed: dict[str, None] = field(default_factory=dict)
    turns: list[Turn] = field(default_factory=list)
    verdicts: list[Taken] = field(default_factory=list)
    lines: list[tuple[str, str, Mapping[str, str | int]]] = field(default_factory=list)
    truncation: Truncation = field(default_factory=lambda: Truncation(NO_TRUNCATED_GROUPS, 0))
    ahead: int = 0
    keep_ended: int = KEEP_ENDED_MS

    @property
    def wall(self) -> int:
        """The time that people call `now`, in ms."""
        return self.now + self.ahead


def deduplicate(
    observations: Sequence[Observation],
    lookup: AlertLookup,
    groups: Sequence[GroupReport] = (),
    keep_ended: int = KEEP_ENDED_MS,
) -> Deduplicated:
    """Phase one: apply the observations to their alerts, in the order in which they were sent.

    `groups` is what their webhooks say of the groups that they are about.
    """
    found = Deduplicated(lookup.now, lookup.alerts, lookup.versions, lookup.changes, ahead=lookup.ahead)
    found.keep_ended = keep_ended
    found.truncation = truncation_of(observations, groups, lookup.truncated, lookup.now)
    for seen in observations:
        _observe(seen, found)
    return found


def _observe(seen: Observation, found: Deduplicated) -> None:
    before, changes = found.alerts[seen.alert], found.changes
    read = before
    if before is not None and seen.copy not in before.copies:
        before, seen = find_copy(before, seen, changes, found.now, found.ahead)
    after, outcome, reason = observe(before, seen, found.now, found.ahead)
    if after is None and before is not read:
        # A copy has moved to its new key, so the alert is written though nothing else is new.
        after = before
    found.verdicts.append(_taken(seen, outcome, reason))
    changes.increment(f"{'concluded' if seen.inferred_at else 'seen'}:{outcome}:{reason}")
    _note_lines(seen, outcome, reason, found)
    # What only a tombstone is left of is not in the store either.
    unstored = not found.versions.get(Cell(Table.ALERTS, seen.alert))
    if after is None:
        # It changes no alert, so nobody is notified of it; it is counted with its reason all the same.
        if unstored and seen.alert not in found.changed:
            changes.put.pop(Cell(Table.COPIES, seen.copy), None)
        return
    found.alerts[seen.alert] = after
    found.changed[seen.alert] = None
    if read is not None and len(read.copies) >= MAX_COPIES:
        # A copy made room for a newer one: what pointed from it to the alert leads nowhere any more.
        changes.drop += [Cell(Table.COPIES, copy) for copy in read.copies if copy not in after.copies]
    changes.grows |= outcome is Outcome.OPENED or unstored
    if outcome is Outcome.OPENED or outcome is Outcome.ENDED:
        found.turns.append(Turn(before, after, outcome is Outcome.OPENED, seen.trace))
    elif before is not None and after.firing and after.annotations != before.annotations and after.incident:
        # People read what an annotation says now, such as a newer value.
        changes.schedule(Subject.plan(after.incident), found.now, urgency(after.severity))
    elif reason is Reason.DISPUTE_SETTLED and after.incident:
        # It really fires again: nobody has to wait for the dispute to be over.
        changes.schedule(Subject.plan(after.incident), found.now, urgency(after.severity))
    elif outcome is Outcome.IGNORED and after.episode == 0:
        changes.schedule(Subject.expire_alert(after.id), found.now + found.keep_ended, EXPIRY_PRIORITY)


def _note_lines(seen: Observation, outcome: Outcome, reason: Reason, found: Deduplicated) -> None:
    """Tell on the timeline what a reader could not see from the alert: a conclusion of ours, a wrong clock."""
    if outcome is Outcome.OPENED and seen.cut:
        found.changes.increment("labels_cut")
        found.lines.append((seen.alert, "labels_cut", {"source": seen.source, "values": seen.cut}))
    if reason is Reason.SENT_BEFORE:
        # Between its start and now nobody heard of it, and no fault of ours is in the timeline.
        found.lines.append(
            (seen.alert, reason.value, {"source": seen.source, "starts_at": written(seen.starts_at)})
        )
    if seen.inferred_at and outcome not in (Outcome.REPEATED, Outcome.IGNORED):
        because = {"source": seen.source, "outcome": outcome.value, "because": seen.because}
        found.lines.append((seen.alert, reason.value, because))
    elif reason is Reason.LATE_RESOLVE:
        # Its source may mean the firing that people see: they have to find out why that goes on.
        ignored = {"ends_at": written(seen.ends_at), "starts_at": written(seen.starts_at)}
        found.lines.append((seen.alert, "end_ignored", ignored))
    elif outcome is Outcome.OPENED and seen.starts_at is not None and seen.starts_at > found.wall:
        ahead = {"sent": written(seen.starts_at), "ahead": spoken(seen.starts_at - found.wall)}
        found.lines.append((seen.alert, "clock_ahead", {"source": seen.source} | ahead))


def _taken(seen: Observation, outcome: Outcome, reason: Reason) -> Taken:
    happened_at = None  # a repeat, and a late copy, say nothing of when anything happened
    if reason is not Reason.DISPUTED:
        happened_at = {Outcome.OPENED: seen.starts_at, Outcome.ENDED: seen.ends_at}.get(outcome)
    return Taken(seen.source, outcome, reason, happened_at, seen.inferred_at is not None)


def placements_of(found: Deduplicated, correlator: Correlator) -> dict[str, Placement]:
    """Return by alert where each one that opened an episode may go."""
    return {
        turn.after.id: correlator.placement(turn.after, found.wall) for turn in found.turns if turn.opened
    }


def incidents_of(found: Deduplicated, placements: Mapping[str, Placement]) -> Query:
    """Ask for the incidents of the alerts that turned, for those that their join keys name, and for those
    that have to say how many alerts of a group are missing; where alerts may join, also for the newest rules.
    """
    turned = [turn.after.incident for turn in found.turns if turn.after.incident]
    cells = dict.fromkeys(
        Cell(Table.INCIDENTS, incident) for incident in (*turned, *found.truncation.wanted(found.alerts))
    )
    keys = dict.fromkeys(key for placement in placements.values() for key in placement.keys)
    if keys:
        cells[RULES] = None
    return Query(cells=list(cells), keys=list(keys))
