"""Say which steps of an escalation are ahead: who will be called, when, and unless what.

It asks what `escalate.py` asks, at the times to come, as if nothing else happened until then.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import msgspec

from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.notification.escalate import due_at, is_held_back, paged_since
from gateway.decisions.notification.resolve import Plan
from gateway.decisions.notification.view import TargetMember, View
from gateway.decisions.policy import Policy
from gateway.decisions.route import Recipient
from gateway.model.alert import Alert
from gateway.model.durations import spoken
from gateway.model.incident import Escalation
from gateway.model.instants import earliest
from gateway.model.rules.route import EscalationStep, Hours, Route
from gateway.model.severity import Severity
from gateway.model.verdict import Verdict

MOST_CHANGES = 200  # of the hours of a step that are looked at for the time at which they allow it


@dataclass(frozen=True, slots=True)
class StepAhead:
    """A step that was not taken yet in this round; `number` counts the steps of its route from 1.

    `at` is when it is taken (ms), None where time alone does not bring it: `stopped_by`
    says what keeps it back. `quiet_by` is what would keep its pages quiet at that time,
    and `paged_already`: all that it pages is paged by then, so that it calls nobody.
    """

    route: str
    rule: str
    number: int
    at: int | None
    page: tuple[str, ...]
    notify: tuple[str, ...]
    unless_acknowledged: bool
    hours: Hours
    stopped_by: str = ""
    quiet_by: str = ""
    paged_already: bool = False

    def in_words(self, now: int) -> str:
        """Say `step 1 of payments (pay.yaml:6) pages lead in 12m, unless acknowledged`."""
        what = " and ".join(
            f"{verb} {', '.join(names)}"
            for verb, names in (("pages", self.page), ("tells", self.notify))
            if names
        )
        conditions = [
            *(["unless acknowledged"] if self.unless_acknowledged else []),
            *([f"during {' or '.join(self.hours.during)}"] if self.hours.during else []),
            *([f"not during {' or '.join(self.hours.not_during)}"] if self.hours.not_during else []),
        ]
        said = ", ".join((f"step {self.number} of {self.rule} {what}{self._when(now)}", *conditions))
        return f"{said}{self._but()}"

    def _when(self, now: int) -> str:
        if self.at is None:
            return ""
        return f" in {spoken(self.at - now)}" if self.at > now else " now"

    def _but(self) -> str:
        if self.stopped_by:
            return f": not now, {self.stopped_by}"
        if self.paged_already:
            return ": it calls nobody, as all of them are paged by then"
        return f": kept quiet then, {self.quiet_by}" if self.quiet_by else ""


def steps_ahead(planned: Plan, snapshot: IncidentSnapshot, policy: Policy, now: int) -> tuple[StepAhead, ...]:
    """Return the steps of all routes by which something of the incident fires, in the order of the rules."""
    ahead = _Ahead(planned, snapshot, policy, now)
    routes = {
        recipient.route.name: recipient.route
        for view in planned.views.values()
        for recipient in view.recipients
        if recipient.route.escalate
    }
    return tuple(step for route in routes.values() for step in ahead.of(route))


class _Ahead:
    def __init__(self, planned: Plan, snapshot: IncidentSnapshot, policy: Policy, now: int) -> None:
        self._views = [*planned.views.values()]
        self._escalations = planned.incident.escalations
        self._snapshot = snapshot
        self._policy = policy
        self._now = now

    def of(self, route: Route) -> Iterator[StepAhead]:
        seen = [(view, member) for view in self._views for member in view.members if _is_of(route, member)]
        # What has ended, or has moved to other routes, escalates no further.
        if not any(member.alert.firing for _, member in seen):
            return
        told = [(view, member) for view, member in seen if member.notifies]
        round_ = self._escalations.get(route.name) or self._first_round(route, [view for view, _ in told])
        alerts = [member.alert for _, member in told]
        why = "" if alerts and round_ is not None else _why_nothing_is_told([member for _, member in seen])
        paged = self._paged(round_)
        for position, step in enumerate(route.escalate):
            if round_ is not None and position in round_.taken:
                continue
            ahead = self._step(route, position, round_, why)
            paged_already = bool(step.page) and not step.notify and paged.issuperset(step.page)
            if ahead.at is not None and round_ is not None:
                quiet_by = self._quiet_by(route, step, alerts, ahead.at)
                yield replace(ahead, quiet_by=quiet_by, paged_already=paged_already)
                taken = {**round_.taken, position: ahead.at}
                round_ = msgspec.structs.replace(round_, taken=taken)
                paged |= set(step.page)
            else:
                yield ahead

    def _step(self, route: Route, position: int, round_: Escalation | None, why: str) -> StepAhead:
        step, at = route.escalate[position], None
        who = self._snapshot.incident.acknowledged
        if not why and who is not None and is_held_back(step, self._snapshot):
            why = f"{who.by} has it"
        if not why and round_ is not None:
            at = self._allowed_from(step.hours, max(self._now, due_at(route, position, round_)))
            why = "" if at is not None else "its hours do not come"
        return StepAhead(
            route.name,
            route.described,
            position + 1,
            at,
            step.page,
            step.notify,
            step.unless_acknowledged,
            step.hours,
            why,
        )

    def _first_round(self, route: Route, told: Sequence[View]) -> Escalation | None:
        """Return the round that begins with the first call that is due, else with the first telling."""
        times = {view.target: view.due or view.ledger.first_notified_at for view in told}
        calling = [
            times[view.target]
            for view in told
            if view.desired.paged and view.ledger.destination in route.paging
        ]
        since = earliest(*(at for at in calling or times.values() if at is not None))
        return None if since is None else Escalation(1, max(since, self._now), Severity.NONE)

    def _paged(self, round_: Escalation | None) -> set[str]:
        """Return the destinations that are paged in this round, or are about to be."""
        due = {
            view.ledger.destination
            for view in self._views
            if view.desired.paged and not view.ledger.last_notified.paged
        }
        return due | (paged_since(round_.since, self._snapshot) if round_ is not None else set())

    def _allowed_from(self, hours: Hours, at: int) -> int | None:
        """Return the first time from `at` on (ms) at which the hours allow a step, None where none comes."""
        calendar, begin = self._policy.calendar, self._snapshot.wall(at)
        wall: int | None = begin
        for _ in range(MOST_CHANGES):
            if wall is None:
                return None
            if calendar.holds(hours, wall):
                return at + wall - begin
            wall = calendar.until(hours.names, wall)
        return None

    def _quiet_by(self, route: Route, step: EscalationStep, alerts: Sequence[Alert], at: int) -> str:
        """Return what keeps every page of the step quiet at that time, empty where somebody is called."""
        verdicts = [
            self._policy.suppressor.muted(self._snapshot.controls, recipient, alert, self._snapshot.wall(at))
            for alert in alerts
            for name in step.page
            if isinstance(
                recipient := self._policy.router.recipient(name, alert.labels, route, page=True), Recipient
            )
        ]
        known = [verdict for verdict in verdicts if verdict is not None]
        return _named(known[0]) if known and len(known) == len(verdicts) else ""


def _is_of(route: Route, member: TargetMember) -> bool:
    return any(
        recipient.route.name == route.name and recipient.step is None for recipient in member.recipients
    )


def _why_nothing_is_told(members: Sequence[TargetMember]) -> str:
    """Return what keeps the first member quiet: until it is told, no step is taken."""
    verdicts = [member.suppressed_by for member in members if member.alert.firing]
    return next((_named(verdict) for verdict in verdicts if verdict is not None), "nobody was told yet")


def _named(verdict: Verdict) -> str:
    return ", ".join(part for part in (verdict.reason.value, verdict.rule, verdict.because) if part)
