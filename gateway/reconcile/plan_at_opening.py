"""Plan incidents in the commit of webhooks that opens them: people hear of them a claim, a read and a
commit earlier.

Intake has put each of these incidents on the agenda. Whatever keeps an incident from being planned here
leaves it there, under a name of `AtOpening`. The answer to the webhook does not depend on any of this.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import NamedTuple

from gateway.clock import worked_seconds
from gateway.decisions.intake.assign_incidents import OpenedIncident
from gateway.decisions.policy import Policy
from gateway.errors import StateUnavailable
from gateway.model.agenda import Subject
from gateway.model.cells import CONTROLS, CREDENTIALED
from gateway.model.changes import Cell, Changes, CommitOutcome, Table
from gateway.reconcile.context import Context, log, outdated
from gateway.reconcile.plan import LARGE, planned_changes
from gateway.reconcile.plan_claimed import say_verdicts
from gateway.reconcile.traced import PlanSpans
from gateway.reconcile.work_outcome import keeping_faults
from gateway.state.opened_snapshots import read_opened
from gateway.state.versioned_snapshot import VersionedSnapshot

MOST_SECONDS = 0.025  # of work on the plans of one commit: other webhooks wait meanwhile


class AtOpening(StrEnum):
    """What became of an incident in the commit that opens it: it was planned, or why the agenda has it."""

    PLANNED = "planned"
    HAS_ENDS = "has_ends"  # an alert of it has ended already, and an end may wait for a heartbeat
    CONTINUES = "continues"  # it goes on where another incident is full, whose messages are not read here
    LARGE = "large"  # its plan alone would keep other webhooks waiting
    NO_TIME = "no_time"  # the plans before it took all the time that there is
    OTHER_RULES = "other_rules"  # another replica has newer rules, or this one got others a moment ago
    COSTLY_SILENCES = "costly_silences"  # a plan from the agenda matches their patterns in another thread
    MAY_BE_INHIBITED = "may_be_inhibited"  # a source of inhibition for a member stands, comes or goes
    STORE_AWAY = "store_away"
    FAULT = "fault"  # a fault of ours; the plan from the agenda meets it again, and reports it


class PlannerAtOpening:
    """Plans in the commits of one shard's intake.

    `worked` is the clock of its work, in seconds. Time that others have the processor does not count: on
    a busy machine everything takes longer alike, and a plan that is left for later costs more.
    """

    def __init__(self, context: Context, worked: Callable[[], float] = worked_seconds) -> None:
        self._context = context
        self._worked = worked

    @contextmanager
    def begin(self) -> Iterator[PlansOfCommit]:
        """Begin the plans of one commit, which is made within the context."""
        with PlanSpans(self._context) as spans:
            yield PlansOfCommit(self._context, spans, self._worked)


class PlansOfCommit:
    """The plans of one commit."""

    def __init__(self, context: Context, spans: PlanSpans, worked: Callable[[], float]) -> None:
        self._context = context
        self._spans = spans
        self._worked = worked
        self._planned: dict[str, tuple[VersionedSnapshot, Changes]] = {}  # by incident
        self._undecided: set[str] = set()  # incidents that may still be planned here
        self._outcomes: dict[str, AtOpening] = {}  # by incident, of the last attempt at the commit

    async def add(self, changes: Changes, opened: Sequence[OpenedIncident]) -> None:
        """Have the changes write plans of the incidents that they open, for as long as there is time."""
        # Most webhooks open nothing.
        if not (opened or self._outcomes):
            return
        self._outcomes.clear()
        self._undecided = {one.incident.id for one in opened}
        with keeping_faults() as faults:
            # Where this is called once more, another writer was quicker than the attempt before.
            self._spans.end("made_anew", self._planned)
            self._planned.clear()
            await self._plan_all(changes, opened)
        for error in faults:
            for incident in sorted(self._undecided):
                self._failed(incident, error)

    async def _plan_all(self, changes: Changes, opened: Sequence[OpenedIncident]) -> None:
        policy = self._context.policy
        plain = [one for one in opened if not self._is_left(one.incident.id, _why_unread(one))]
        if not plain:
            return
        snapshots = await read_opened(self._context.store, plain, policy)
        until = self._worked() + MOST_SECONDS
        for versioned in _in_turn(snapshots, changes, policy.rules.partition_by):
            incident = versioned.snapshot.incident.id
            with keeping_faults() as faults:
                why = self._why_left(versioned, policy, until) or _why_inhibited(versioned, changes)
                if not self._is_left(incident, why):
                    self._plan(versioned, changes)
                    self._decided(incident, AtOpening.PLANNED)
            for error in faults:
                self._failed(incident, error)

    def committed(self) -> None:
        """Hear that the changes are in the store, and say what the plans have decided."""
        with keeping_faults() as faults:
            # An attempt that has lost its race, or that the store did not take, has planned nothing.
            for outcome in self._outcomes.values():
                self._context.watcher.batch("opened", outcome)
            for incident, (versioned, changes) in self._planned.items():
                self._context.services.committed(changes)
                with self._spans.again(incident):
                    say_verdicts(versioned, changes)
            self._spans.end(CommitOutcome.DONE, self._planned)
        for error in faults:
            log.error("plans_at_opening_not_said", exc_info=error)

    def _is_left(self, incident: str, why: AtOpening | None) -> bool:
        """Return whether the incident stays on the agenda: there is a reason."""
        if why is not None:
            self._decided(incident, why)
        return why is not None

    def _why_left(self, versioned: VersionedSnapshot, policy: Policy, until: float) -> AtOpening | None:
        """Return why the incident is not planned now, None where it is."""
        context, snapshot = self._context, versioned.snapshot
        if self._worked() > until:
            return AtOpening.NO_TIME
        # What the rules ask was read by `policy`: a plan by others would rest on what was not read.
        if context.policy is not policy or outdated(context, versioned.rule_generation):
            return AtOpening.OTHER_RULES
        if not snapshot.controls.quick(snapshot.firing):
            return AtOpening.COSTLY_SILENCES
        return None

    def _plan(self, versioned: VersionedSnapshot, changes: Changes) -> None:
        """Plan the incident, and put the plan in the place of what intake wrote of it."""
        incident, due = versioned.snapshot.incident.id, _due(versioned, changes)
        planned, look_at = planned_changes(self._context, versioned, due.at, self._spans)
        # A control that is given, or a credential that comes, while this commit is made: what looks at all incidents
        # for it finds none that is not in the store yet. So the commit loses, and the plan is made with it.
        planned.expect |= {cell: versioned.versions[cell] for cell in (CONTROLS, CREDENTIALED)}
        if look_at is not None:
            planned.schedule(Subject.plan(incident), look_at, due.priority)
        _take_over(changes, planned, incident)
        self._planned[incident] = versioned, planned

    def _failed(self, incident: str, error: Exception) -> None:
        if isinstance(error, StateUnavailable):
            # The commit is about to find that out for the webhook too.
            self._decided(incident, AtOpening.STORE_AWAY)
            return
        log.error("plan_at_opening_failed", incident=incident, exc_info=error)
        self._context.watcher.failed(Subject.plan(incident), error)
        self._decided(incident, AtOpening.FAULT)

    def _decided(self, incident: str, outcome: AtOpening) -> None:
        self._undecided.discard(incident)
        self._outcomes[incident] = outcome


class _Due(NamedTuple):
    """When the agenda is to look at an incident (ms), and how urgent it is: 0 goes first."""

    at: int
    priority: int


def _due(versioned: VersionedSnapshot, changes: Changes) -> _Due:
    return _Due(*changes.agenda[Subject.plan(versioned.snapshot.incident.id)])


def _in_turn(
    snapshots: Sequence[VersionedSnapshot], changes: Changes, partition_by: Sequence[str]
) -> list[VersionedSnapshot]:
    """Return them in the order in which they are planned: people wait for the most urgent ones. Of equal
    urgency the partitions take turns, so that one tenant's storm leaves time for another's page.
    """
    before = Counter[tuple[int, tuple[str, ...]]]()

    def place(versioned: VersionedSnapshot) -> tuple[int, int]:
        priority = _due(versioned, changes).priority
        queue = priority, versioned.snapshot.partition(partition_by)
        before[queue] += 1
        return priority, before[queue]

    return sorted(snapshots, key=place)


def _why_unread(opened: OpenedIncident) -> AtOpening | None:
    """Return why the incident is not even read for, None where it is."""
    if opened.has_ends:
        return AtOpening.HAS_ENDS
    if opened.incident.continues:
        return AtOpening.CONTINUES
    if len(opened.alerts) > LARGE:
        return AtOpening.LARGE
    return None


def _why_inhibited(versioned: VersionedSnapshot, changes: Changes) -> AtOpening | None:
    """Return the reason if an alert may inhibit a member: it stands there, or these changes move it."""
    moved = {topic for topic, _ in (*changes.topics.add, *changes.topics.remove)}
    if any(versioned.topics.values()) or not moved.isdisjoint(versioned.topics):
        return AtOpening.MAY_BE_INHIBITED
    return None


def _take_over(changes: Changes, planned: Changes, incident: str) -> None:
    """Have `changes` write what a plan decided about an incident that they open.

    The incident's row and its place on the agenda are the plan's: it has what intake wrote, and what
    comes next. Raises `MergeConflict`, and has changed nothing in `changes` then.
    """
    cell, subject = Cell(Table.INCIDENTS, incident), Subject.plan(incident)
    row, place = planned.put.pop(cell), planned.agenda.pop(subject, None)
    changes.merge(planned)
    changes.put[cell] = row
    del changes.agenda[subject]
    if place is not None:
        changes.agenda[subject] = place
