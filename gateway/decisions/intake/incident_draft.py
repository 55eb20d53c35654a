"""An incident while a batch of alerts changes it."""

from __future__ import annotations

import msgspec

from gateway.decisions.intake.correlate import Choice, Placement, counted_values, incident_id
from gateway.model.alert import Alert
from gateway.model.changes import Changes
from gateway.model.incident import Incident, Member


class Draft:
    """One incident and what this batch does to it. `opened` and `ended` count the batch's episodes."""

    def __init__(self, incident: Incident) -> None:
        self._was = incident
        self._members = list(incident.members)
        self._values = incident.values
        self._firing = incident.firing
        self._last_new_at = incident.last_new_at
        self._frozen: Incident | None = incident
        self.id = incident.id
        self._truncated = incident.truncated
        self.opened = self.ended = 0
        self._continued_by = incident.continued_by

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
    def is_resolved(self) -> bool:
        return self._was.resolved_at is not None

    def join(self, alert: Alert, placement: Placement, now: int, trace: str) -> None:
        self._members.append(Member(alert.id, alert.episode, now))
        self._values = counted_values(self._values, placement)
        self._firing += 1
        # The window counts from the last alert that joined; an end does not keep the incident
        # open for new ones.
        self._last_new_at = now
        self.opened += 1
        self._frozen = None
        self._now, self._trace = now, trace

    def continue_in(self, incident: str, now: int, trace: str) -> None:
        """Name the incident that takes the further alerts, since this one is full."""
        self._continued_by = incident
        self._frozen = None
        self._now, self._trace = now, trace

    def leave(self, now: int, trace: str) -> None:
        self._firing -= 1
        self.ended += 1
        self._frozen = None
        self._now, self._trace = now, trace

    def leave_out(self, group: str, count: int, now: int, trace: str) -> bool:
        """Say how many alerts of a group are missing, 0 for none; return whether that is news."""
        if self._truncated.get(group, 0) == count:
            return False
        others = {name: known for name, known in self._truncated.items() if name != group}
        self._truncated = {**others, group: count} if count else others
        self._frozen = None
        self._now, self._trace = now, trace
        return True

    def incident(self) -> Incident:
        if self._frozen is None:
            self._frozen = msgspec.structs.replace(
                self._was,
                members=tuple(self._members),
                values=self._values,
                firing=self._firing,
                last_new_at=self._last_new_at,
                last_change_at=self._now if self.opened or self.ended else self._was.last_change_at,
                revision=self._was.revision + 1,
                trace=self._trace,
                truncated=self._truncated,
                continued_by=self._continued_by,
            )
        return self._frozen

    def count(self, changes: Changes) -> None:
        """Count the open episodes of the incident as waiting for a plan, from the moment that it changes."""
        planned = self._was.planned_revision == self._was.revision and self._was.revision > 0
        if planned:
            changes.increment("open:planned", -self._was.firing)
            changes.increment("open:waiting", self._firing)
        else:
            changes.increment("open:waiting", self._firing - self._was.firing)
