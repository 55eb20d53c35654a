"""An incident while a batch of alerts changes it."""

from __future__ import annotations

import msgspec

from gateway.decisions.intake.correlate import Choice, Placement, counted_values, incident_id
from gateway.model.alert import Alert
from gateway.model.cause import later_cause
from gateway.model.changes import Changes
from gateway.model.incident import Incident, Joining
from gateway.model.members import Member, Members


class Draft:
    """One incident and what this batch does to it. `opened` and `ended` count the batch's episodes."""

    def __init__(self, incident: Incident) -> None:
        self._was = incident
        self._joined: list[Member] = []
        self._values = incident.values
        self._firing = incident.firing
        self._last_new_at = incident.last_new_at
        self._frozen: Incident | None = incident
        self.id = incident.id
        self._truncated = incident.truncated
        self.opened = self.ended = 0
        # The cause of a change that is planned already has nothing to do with the plan of this one
        self._trace = "" if self._is_planned else incident.trace
        self._continued_by = incident.continued_by
        self._joining = incident.joining
        # Whether a plan is due already; then nothing waits for a later one
        self._plan_is_due = incident.joining is None and not self._is_planned

    @classmethod
    def new(cls, first: Alert, placement: Placement, choice: Choice, now: int) -> Draft:
        rule = placement.rule
        return cls(
            Incident(
                id=incident_id(first),
                opened_at=now,
                rule=rule.described,
                members=(),
                keys=placement.keys,
                revision=0,
                firing=0,
                last_new_at=now,
                last_change_at=now,
                previous=choice.previous,
                alone=choice.alone,
                continues=choice.continues,
                recurs=choice.recurs,
                recurs_since=choice.recurs_since,
            )
        )

    @property
    def changed(self) -> bool:
        told_otherwise = (
            self._truncated is not self._was.truncated or self._continued_by != self._was.continued_by
        )
        return bool(self.opened or self.ended) or told_otherwise

    @property
    def before(self) -> Incident:
        """The incident as it was read."""
        return self._was

    @property
    def members(self) -> int:
        return len(self._was.members) + len(self._joined)

    @property
    def _is_planned(self) -> bool:
        return self._was.planned_revision == self._was.revision and self._was.revision > 0

    @property
    def is_new(self) -> bool:
        """Whether this batch opens the incident."""
        return self._was.revision == 0

    @property
    def is_resolved(self) -> bool:
        return self._was.resolved_at is not None

    def join(self, alert: Alert, placement: Placement, now: int, trace: str, wait: int = 0) -> None:
        """Add the alert; its plan is due after `wait` (ms)."""
        self._joined.append(Member(alert.id, alert.episode, now))
        self._values = counted_values(self._values, placement)
        self._firing += 1
        # The window counts from the last alert that joined; an end does not keep the incident
        # open for new ones.
        self._last_new_at = now
        self.opened += 1
        if not wait:
            self._is_due_now()
        elif self._joining is None and not self._plan_is_due:
            self._joining = Joining(now, now + wait)
        self._frozen = None
        self._now, self._trace = now, later_cause(self._trace, trace)

    def _is_due_now(self) -> None:
        """Have nothing wait any more: the plan that is due now is that of all who have joined."""
        self._joining, self._plan_is_due = None, True

    def continue_in(self, incident: str, now: int, trace: str) -> None:
        """Name the incident that takes the further alerts, since this one is full."""
        self._continued_by = incident
        self._is_due_now()
        self._frozen = None
        self._now, self._trace = now, later_cause(self._trace, trace)

    def leave(self, now: int, trace: str) -> None:
        self._firing -= 1
        self.ended += 1
        self._is_due_now()
        self._frozen = None
        self._now, self._trace = now, later_cause(self._trace, trace)

    def leave_out(self, group: str, count: int, now: int, trace: str) -> bool:
        """Say how many alerts of a group are missing, 0 for none; return whether that is news."""
        if self._truncated.get(group, 0) == count:
            return False
        others = {name: known for name, known in self._truncated.items() if name != group}
        self._truncated = {**others, group: count} if count else others
        self._is_due_now()
        self._frozen = None
        self._now, self._trace = now, later_cause(self._trace, trace)
        return True

    def _joining_now(self) -> Joining | None:
        """Return what waits to be planned, with the alerts of this batch counted."""
        if self._joining is None:
            return None
        before = self._was.joining or self._joining
        return msgspec.structs.replace(
            self._joining, members=before.members + len(self._joined), commits=before.commits + 1
        )

    def incident(self) -> Incident:
        if self._frozen is None:
            self._frozen = msgspec.structs.replace(
                self._was,
                members=Members.of(self._was.members).joined_by(self._joined),
                values=self._values,
                firing=self._firing,
                last_new_at=self._last_new_at,
                last_change_at=self._now if self.opened or self.ended else self._was.last_change_at,
                revision=self._was.revision + 1,
                trace=self._trace,
                truncated=self._truncated,
                continued_by=self._continued_by,
                joining=self._joining_now(),
            )
        return self._frozen

    def count(self, changes: Changes) -> None:
        """Count the open episodes of the incident as waiting for a plan, from the moment that it changes."""
        if self._is_planned:
            changes.increment("open:planned", -self._was.firing)
            changes.increment("open:waiting", self._firing)
        else:
            changes.increment("open:waiting", self._firing - self._was.firing)
