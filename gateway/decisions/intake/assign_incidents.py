"""Bring the alerts of one batch that opened or ended into their incidents, which is phase two of intake."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from gateway.decisions.intake.batch import Deduplicated, Turn
from gateway.decisions.intake.correlate import Correlator, Placement, announce, choose, named_incidents
from gateway.decisions.intake.incident_draft import Draft
from gateway.decisions.intake.patience import Patience
from gateway.model.agenda import Subject, urgency
from gateway.model.alert import Alert
from gateway.model.cells import RULES, TRUNCATED
from gateway.model.changes import Cell, Changes, LogEntry, Result, Table
from gateway.model.incident import Incident
from gateway.model.records import dump, load_incident
from gateway.model.rule_generation import RuleGeneration, load_rule_generation
from gateway.model.truncated_groups import dump_truncated

NO_RULES = RuleGeneration()  # what a store says in which nobody has announced any


class OpenedIncident(NamedTuple):
    """An incident that a batch opens. `alerts` are its members by episode id, as the batch writes them.
    All of them fire, unless `has_ends`: then some have ended within the batch.
    """

    incident: Incident
    alerts: Mapping[str, Alert]
    has_ends: bool


class Correlated(NamedTuple):
    """Everything that a batch changes, and the incidents that it opens."""

    changes: Changes
    opened: tuple[OpenedIncident, ...]


def correlate(
    found: Deduplicated, placements: Mapping[str, Placement], incidents: Result, correlator: Correlator
) -> Correlated:
    """Phase two: bring every turn into its incident. Return everything that the batch changes."""
    assignment = _Assignment(found, placements, incidents, correlator.patience)
    for turn in found.turns:
        if turn.opened:
            assignment.open(turn)
        else:
            assignment.end(turn)
    assignment.say_what_is_missing()
    return Correlated(assignment.changes(correlator), assignment.opened())


class _Assignment:
    """The incidents of one batch while its turns are brought into them."""

    def __init__(
        self,
        found: Deduplicated,
        placements: Mapping[str, Placement],
        incidents: Result,
        patience: Patience,
    ) -> None:
        self._found = found
        self._patience = patience
        self._newest_rules = NO_RULES
        self._placements = placements
        self._changes = found.changes
        self._drafts: dict[str, Draft] = {}
        self._key_rows: dict[str, tuple[str, ...]] = {}
        self._versions = found.versions
        # Alert -> the incident of its newest episode, where this batch moved it
        self._moved_to: dict[str, str] = {}
        for cell, row in incidents.rows.items():
            self._versions[cell] = row.version
            if cell.table is Table.KEYS:
                self._key_rows[cell.field] = named_incidents(row.value.decode())
            elif cell == RULES:
                self._newest_rules = load_rule_generation(row.value)
            elif row.value:
                self._drafts[cell.field] = Draft(load_incident(row.value))

    def open(self, turn: Turn) -> None:
        alert, before, now = turn.after, turn.before, self._found.now
        own = self._moved_to.get(alert.id, alert.incident)
        draft = self._choose(alert, own, turn.trace)
        if before is not None and before.episode and own in self._drafts:
            # The incident of the episode before still shows that episode, which is no longer the alert's
            # newest.
            past = dump(msgspec.structs.replace(before, incident=own))
            self._changes.put[Cell(Table.PAST, before.episode_id)] = past
        wait = self._wait(alert, draft)
        draft.join(alert, self._placements[alert.id], now, turn.trace, wait)
        self._moved_to[alert.id] = draft.id
        self._changes.schedule(Subject.plan(draft.id), now + wait, urgency(alert.severity))
        self._changes.increment("open:counted")

    def _wait(self, alert: Alert, draft: Draft) -> int:
        """Return for how long the plan of this join may wait (ms)."""
        found, members = self._found, draft.members + 1
        return self._patience.wait(alert, draft.before, members, self._newest_rules, found.now, found.wall)

    def end(self, turn: Turn) -> None:
        draft = self._drafts.get(self._moved_to.get(turn.after.id, turn.after.incident))
        self._changes.increment("open:counted", -1)
        if draft is not None:
            # The incident may be over by this, so it is planned at once.
            draft.leave(self._found.now, turn.trace)
            self._changes.schedule(Subject.plan(draft.id), self._found.now, urgency(turn.after.severity))

    def say_what_is_missing(self) -> None:
        """Have each incident with an alert of a group that was cut short say how many are missing."""
        found, truncation = self._found, self._found.truncation
        incidents = {}
        for name, group in truncation.said.items():
            ids = dict.fromkeys(truncation.incidents_before(name)) | dict.fromkeys(
                self._incident_of(alert_id) for alert_id in group.alerts
            )
            drafts = [self._drafts[incident] for incident in ids if incident in self._drafts]
            open_drafts = [draft for draft in drafts if not draft.is_resolved]
            for draft in open_drafts:
                if draft.leave_out(name, group.report.left_out, found.now, group.report.trace):
                    self._changes.schedule(Subject.plan(draft.id), found.now)
                    said: dict[str, str | int] = {"group": name, "alerts": group.report.left_out}
                    self._changes.log.append(LogEntry(draft.id, "left_out_at_source", said))
            incidents[name] = [draft.id for draft in open_drafts]
        after = truncation.after(incidents)
        if after is not truncation.before:
            self._changes.put[TRUNCATED] = dump_truncated(after)
            self._changes.expect[TRUNCATED] = self._versions[TRUNCATED]

    def _incident_of(self, alert_id: str) -> str:
        alert = self._found.alerts.get(alert_id)
        return self._moved_to.get(alert_id, alert.incident if alert is not None else "")

    def _choose(self, alert: Alert, own: str, trace: str) -> Draft:
        """Return the incident that takes the alert; `own` is that of its episode before."""
        placement, now = self._placements[alert.id], self._found.now
        named = {own: None} | {incident: None for key in placement.keys for incident in self._key_rows[key]}
        candidates = [self._drafts[incident].incident() for incident in named if incident in self._drafts]
        choice = choose(placement, own, candidates, now)
        if choice.incident:
            # People see the alert in the incident that they know already, not as news of its own.
            return self._drafts[choice.incident]
        draft = Draft.new(alert, placement, choice, now)
        self._drafts[draft.id] = draft
        self._versions.setdefault(Cell(Table.INCIDENTS, draft.id), b"")
        if choice.continues:
            # The incident that is full says how many there are in all, so it has to know who goes on.
            self._drafts[choice.continues[-1]].continue_in(draft.id, now, trace)
            self._changes.schedule(Subject.plan(choice.continues[-1]), now, urgency(alert.severity))
        if choice.alone:
            # Its rule merges no more: it announces no join key, so that no other alert finds it.
            self._changes.log.append(LogEntry(draft.id, "on_its_own", {"because": choice.alone}))
        else:
            for key in placement.keys:
                self._announce(key, draft.id)
        return draft

    def _announce(self, key: str, incident: str) -> None:
        cell = Cell(Table.KEYS, key)
        row = announce(incident, self._key_rows[key])
        self._key_rows[key] = named_incidents(row)
        self._changes.put[cell] = row.encode()
        self._changes.expect[cell] = self._versions[cell]

    def changes(self, correlator: Correlator) -> Changes:
        self._write_alerts(correlator)
        for draft in self._drafts.values():
            cell = Cell(Table.INCIDENTS, draft.id)
            # A candidate that was passed over is expected unchanged too: changed, it might have been chosen.
            self._changes.expect[cell] = self._versions[cell]
            if draft.changed:
                self._changes.put[cell] = dump(draft.incident())
                draft.count(self._changes)
                counts = {"opened": draft.opened, "ended": draft.ended}
                if any(counts.values()):
                    self._changes.log.append(LogEntry(draft.id, "alerts", counts))
        self._changes.log += [self._log_entry(*line) for line in self._found.lines]
        return self._changes

    def opened(self) -> tuple[OpenedIncident, ...]:
        """Return the incidents that the batch opens, once it is written what it changes."""
        drafts = [draft for draft in self._drafts.values() if draft.is_new]
        return tuple(self._opened(draft.incident(), has_ends=draft.ended > 0) for draft in drafts)

    def _opened(self, incident: Incident, *, has_ends: bool) -> OpenedIncident:
        newest = (self._found.alerts[member.alert] for member in incident.members)
        alerts = {alert.episode_id: alert for alert in newest if alert is not None}
        return OpenedIncident(incident, alerts, has_ends)

    def _write_alerts(self, correlator: Correlator) -> None:
        for alert_id in self._found.changed:
            cell = Cell(Table.ALERTS, alert_id)
            alert = self._found.alerts[alert_id]
            if alert is None:
                continue  # never so in practice: every id in `changed` has an alert
            if alert_id in self._moved_to:
                alert = msgspec.structs.replace(alert, incident=self._moved_to[alert_id])
            alert = correlator.inhibitor.move_to_topics(alert, self._changes.topics)
            self._found.alerts[alert_id] = alert
            self._changes.put[cell] = dump(alert)
            self._changes.expect[cell] = self._versions[cell]

    def _log_entry(self, alert_id: str, what: str, detail: Mapping[str, str | int]) -> LogEntry:
        """Return a line for the timeline of the incident that the alert is in now."""
        alert = self._found.alerts[alert_id]
        incident = self._moved_to.get(alert_id, alert.incident if alert is not None else "")
        return LogEntry(incident, what, {"alert": alert_id, **detail})
