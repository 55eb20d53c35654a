"""Admit: what a batch of observations changes: alerts, the incidents they belong to, the agenda and the books.

Two looks at the store feed it: `observe` needs the alerts, `place` the incidents that those alerts may join. It works on
copies and gives one set of changes, applied whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b

import msgspec

from gateway.decisions.intake.correlate import Correlator, Placement, announce, choose, named_incidents
from gateway.decisions.intake.deduplicate import observe, overflows
from gateway.decisions.intake.incident_draft import Draft
from gateway.model.agenda import Subject, urgency
from gateway.model.alert import MAX_COPIES, Alert, Observation
from gateway.model.changes import Cell, Changes, LogEntry, Query, Result, Row, Table
from gateway.model.durations import DAY
from gateway.model.records import dump, load_alert, load_incident
from gateway.model.verdict import Outcome, Reason, Taken

KEEP_ENDED = 7 * DAY


def _own_identity(seen: Observation) -> str:
    """Of a copy that is one too many for its alert."""
    return blake2b(f"{seen.alert}\xff{seen.copy}".encode(), digest_size=16).hexdigest()


def _on_its_own(alert: Alert, seen: Observation) -> bool:
    return alert.id == _own_identity(seen)


def _taken(seen: Observation, outcome: Outcome, reason: Reason) -> Taken:
    """A repeat says nothing of when it happened."""
    happened = {Outcome.OPENED: seen.starts_at, Outcome.ENDED: seen.ends_at} if reason is not Reason.DISPUTED else {}
    return Taken(seen.source, outcome, reason, happened.get(outcome, 0), seen.inferred_at > 0)


class _Turn(msgspec.Struct):
    """An episode that opened or ended in this batch; `before` is the alert as it was."""

    before: Alert | None
    after: Alert
    opened: bool
    trace: str


class Admission:
    """One batch at one moment. Feed it in order: `observe` each, `wanted`, `place`, then `changes`."""

    def __init__(self, correlator: Correlator, now: int) -> None:
        self._correlator = correlator
        self._now = now
        self._alerts: dict[str, Alert | None] = {}
        self._turns: list[_Turn] = []
        self._placements: dict[str, Placement] = {}
        self._drafts: dict[str, Draft] = {}
        self._key_rows: dict[str, tuple[str, ...]] = {}
        self._versions: dict[Cell, bytes] = {}
        self._at: dict[str, str] = {}  # alert -> the incident of its newest episode, where this batch moved it
        self._dirty: dict[str, None] = {}
        self._concluded: list[tuple[Observation, Outcome, Reason]] = []
        self.changes = Changes()
        self.verdicts: list[Taken] = []

    def know(self, asked: Sequence[Observation], gathered: Result) -> list[Observation]:
        """Take in the alerts that were read; answers the observations with the alert that their copy really belongs to."""
        resolved = []
        for seen, (pointer, row) in zip(asked, gathered.alerts, strict=True):
            alert_id = pointer or seen.alert
            if alert_id not in self._alerts:
                self._take_in(alert_id, row)
            if self._has_another_identity(seen, pointer):
                self.changes.put[Cell(Table.COPIES, seen.copy)] = seen.alert.encode()
                self.changes.expect[Cell(Table.ALERTS, pointer)] = self._versions[Cell(Table.ALERTS, pointer)]
                alert_id = seen.alert
            elif not pointer:
                cell = Cell(Table.COPIES, seen.copy)
                self.changes.put[cell] = alert_id.encode()
                self.changes.expect[cell] = b""  # a replica with other rules may have given it to another alert meanwhile
            resolved.append(seen if alert_id == seen.alert else msgspec.structs.replace(seen, alert=alert_id))
        return resolved

    def _take_in(self, alert_id: str, row: Row) -> None:
        self._alerts[alert_id] = load_alert(row.value) if row.value else None
        self._versions[Cell(Table.ALERTS, alert_id)] = row.version

    def _has_another_identity(self, seen: Observation, pointer: str) -> bool:
        """Identity is pinned for the life of an episode; a new life has the identity that the rules give it now."""
        alert = self._alerts.get(pointer) if pointer else None
        return alert is not None and pointer != seen.alert and seen.firing and not alert.firing and not _on_its_own(alert, seen)

    def unread(self, seen: Iterable[Observation]) -> list[Cell]:
        """The alerts that copies of another identity belong to now."""
        return [Cell(Table.ALERTS, one) for one in dict.fromkeys(one.alert for one in seen) if one not in self._alerts]

    def learn(self, rows: Mapping[Cell, Row]) -> None:
        for cell, row in rows.items():
            self._take_in(cell.field, row)

    def crowded(self, seen: Iterable[Observation]) -> list[Observation]:
        """The observations that bring a copy too many, as alerts of their own: these have to be read too."""
        coming: dict[str, set[str]] = {}
        found = []
        for one in seen:
            copies = coming.setdefault(one.alert, set())
            alert = self._alerts.get(one.alert)
            if overflows(alert, one, copies):
                found.append(msgspec.structs.replace(one, alert=_own_identity(one)))
            elif one.firing and (alert is None or one.copy not in alert.copies):
                copies.add(one.copy)
        self.changes.increment("crowded_copies", len(found))
        return found

    def observe(self, seen: Observation) -> None:
        before = self._alerts[seen.alert]
        after, outcome, reason = observe(before, seen, self._now)
        self.verdicts.append(_taken(seen, outcome, reason))
        self.changes.increment(f"{'concluded' if seen.inferred_at else 'seen'}:{outcome}:{reason}")
        if after is None:
            return
        if seen.inferred_at and outcome is not Outcome.REPEATED:
            self._concluded.append((seen, outcome, reason))
        self._alerts[seen.alert] = after
        self._dirty[seen.alert] = None
        if before is not None and len(before.copies) >= MAX_COPIES:  # what made room leads nowhere any more
            self.changes.drop += [Cell(Table.COPIES, copy) for copy in before.copies if copy not in after.copies]
        self.changes.grows |= outcome is Outcome.OPENED or before is None
        if outcome is Outcome.OPENED or outcome is Outcome.ENDED:
            self._turns.append(_Turn(before, after, outcome is Outcome.OPENED, seen.trace))
        elif reason is Reason.DISPUTE_SETTLED and after.incident:
            self.changes.schedule(Subject.plan(after.incident), self._now, urgency(after.severity))
        elif reason is Reason.ORPHAN_RESOLVE and after.episode == 0:
            self.changes.schedule(Subject.expire_alert(after.id), self._now + KEEP_ENDED)

    def wanted(self) -> Query:
        """What `place` needs: the incidents of the alerts that turned, and those that their join keys name."""
        keys: list[str] = []
        cells: list[Cell] = []
        for turn in self._turns:
            if turn.after.incident:
                cells.append(Cell(Table.INCIDENTS, turn.after.incident))
            if turn.opened:
                placement = self._placements[turn.after.id] = self._correlator.placement(turn.after, self._now)
                keys.extend(placement.keys)
        return Query(cells=list(dict.fromkeys(cells)), keys=list(dict.fromkeys(keys)))

    def place(self, gathered: Result) -> None:
        for cell, row in gathered.rows.items():
            self._versions[cell] = row.version
            if cell.table is Table.KEYS:
                self._key_rows[cell.field] = named_incidents(row.value.decode())
            elif row.value:
                self._drafts[cell.field] = Draft(load_incident(row.value))
        for turn in self._turns:
            if turn.opened:
                self._open(turn)
            else:
                self._end(turn)

    def _open(self, turn: _Turn) -> None:
        alert, before = turn.after, turn.before
        own = self._at.get(alert.id, alert.incident)
        draft = self._home(alert, own)
        if before is not None and before.episode and own in self._drafts:
            self.changes.put[Cell(Table.PAST, before.episode_id)] = dump(msgspec.structs.replace(before, incident=own))
        draft.join(alert, self._placements[alert.id], self._now, turn.trace)
        self._at[alert.id] = draft.id
        self.changes.schedule(Subject.plan(draft.id), self._now, urgency(alert.severity))
        self.changes.increment("open:counted")

    def _end(self, turn: _Turn) -> None:
        draft = self._drafts.get(self._at.get(turn.after.id, turn.after.incident))
        self.changes.increment("open:counted", -1)
        if draft is not None:
            draft.leave(self._now, turn.trace)
            self.changes.schedule(Subject.plan(draft.id), self._now, urgency(turn.after.severity))

    def _home(self, alert: Alert, own: str) -> Draft:
        placement = self._placements[alert.id]
        names = {own: None} | {one: None for key in placement.keys for one in self._key_rows[key]}
        candidates = [self._drafts[one].incident() for one in names if one in self._drafts]
        choice = choose(placement, own, candidates, self._now)
        if choice.incident:
            return self._drafts[choice.incident]
        draft = Draft.new(alert, placement, choice, self._now)
        self._drafts[draft.id] = draft
        self._versions.setdefault(Cell(Table.INCIDENTS, draft.id), b"")
        if choice.alone:
            self.changes.log.append(LogEntry(draft.id, "on_its_own", {"because": choice.alone}))
        else:
            for key in placement.keys:
                self._announce(key, draft.id)
        return draft

    def _announce(self, key: str, incident: str) -> None:
        cell = Cell(Table.KEYS, key)
        row = announce(incident, self._key_rows[key])
        self._key_rows[key] = named_incidents(row)
        self.changes.put[cell] = row.encode()
        self.changes.expect[cell] = self._versions[cell]

    def finish(self) -> Changes:
        changes = self.changes
        for alert_id in self._dirty:
            cell = Cell(Table.ALERTS, alert_id)
            alert = self._alerts[alert_id]
            if alert is not None and alert_id in self._at:
                alert = msgspec.structs.replace(alert, incident=self._at[alert_id])
            changes.put[cell] = dump(alert and self._correlator.inhibitor.place(alert, changes.topics))
            changes.expect[cell] = self._versions[cell]
        for draft in self._drafts.values():
            if draft.changed:
                cell = Cell(Table.INCIDENTS, draft.id)
                changes.put[cell] = dump(draft.incident())
                changes.expect[cell] = self._versions[cell]
                draft.book(changes)
                changes.log.append(LogEntry(draft.id, "alerts", {"opened": draft.opened, "ended": draft.ended}))
            else:  # a candidate that was passed over
                changes.expect[Cell(Table.INCIDENTS, draft.id)] = self._versions[Cell(Table.INCIDENTS, draft.id)]
        changes.log += [self._story(*one) for one in self._concluded]
        return changes

    def _story(self, seen: Observation, outcome: Outcome, reason: Reason) -> LogEntry:
        alert = self._alerts[seen.alert]
        incident = self._at.get(seen.alert, alert.incident if alert is not None else "")
        said = {"alert": seen.alert, "source": seen.source, "outcome": outcome.value, "because": seen.because}
        return LogEntry(incident, reason.value, said)
