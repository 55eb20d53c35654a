"""Escalate: bring the members of a route to further targets while nobody takes the incident.

A step is taken at the first instant at which its time has come, its condition holds and its hours allow it;
it is taken once in a round. What keeps the members of the route quiet (a silence, a snooze, a close by hand,
maintenance) stops the steps, too: those whose time passes meanwhile follow afterwards, one at a time, as far
apart as the rules have them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import msgspec

from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.notification.members import JudgedMember, at_its_place
from gateway.decisions.policy import Policy
from gateway.decisions.route import Recipient
from gateway.model.incident import Escalation, Incident
from gateway.model.instants import earliest
from gateway.model.ledger import NotifiedState
from gateway.model.rules.route import EscalationStep, PageWhen, Route
from gateway.model.severity import Severity


@dataclass(frozen=True, slots=True)
class Escalated:
    """The members with the recipients that the steps add, the incident with the steps that were taken, and
    when the next one falls due (ms, None for never).
    """

    judged: list[JudgedMember]
    incident: Incident
    look_at: int | None


def escalate(
    judged_members: Sequence[JudgedMember], snapshot: IncidentSnapshot, policy: Policy, now: int
) -> Escalated:
    """Take the steps that are due, and bring the members of their routes to the targets of all steps taken."""
    incident, looks = snapshot.incident, list[int]()
    routes = _routes(judged_members)
    # Most incidents have no such route: for them nothing changes, and nothing is copied.
    if not routes:
        return Escalated([*judged_members], incident, None)
    escalations = dict(incident.escalations)
    for route in routes.values():
        worst = _worst_told(judged_members, route)
        # Nothing of the route is told now: its steps wait until something is again.
        if worst is None:
            continue
        found = _round_of(route, escalations.get(route.name), worst, snapshot, now)
        # Nobody was called by it yet: the steps count from then.
        if found is None:
            continue
        escalations[route.name], look_at = _taken(route, found, snapshot, policy, now)
        looks += [look_at] if look_at is not None else []
    if escalations != incident.escalations:
        incident = msgspec.structs.replace(incident, escalations=escalations)
    judged = [_with_steps(member, routes, escalations, snapshot, policy, now) for member in judged_members]
    return Escalated(judged, incident, earliest(*looks))


def _routes(judged_members: Iterable[JudgedMember]) -> dict[str, Route]:
    """Return the routes of these members that escalate, by name."""
    return {
        recipient.route.name: recipient.route
        for judged in judged_members
        for recipient in judged.routed.recipients
        if recipient.route.escalate
    }


def _worst_told(judged_members: Iterable[JudgedMember], route: Route) -> Severity | None:
    """Return the severity of the worst member that fires on this route and is kept quiet by nothing."""
    return max(
        (
            judged.routed.alert.severity
            for judged in judged_members
            if judged.routed.alert.firing
            and judged.suppressed_by is None
            and any(
                recipient.route.name == route.name and muted_by is None
                for recipient, muted_by in zip(judged.routed.recipients, judged.muted_by, strict=True)
            )
        ),
        default=None,
    )


def _round_of(
    route: Route, known: Escalation | None, worst: Severity, snapshot: IncidentSnapshot, now: int
) -> Escalation | None:
    """Return the round that is under way, None before the first call of the route."""
    if known is None:
        since = _called_at(route, snapshot)
        return None if since is None else Escalation(1, since, worst)
    # Whoever slept through a warning, or took it, has to be called about the critical
    # alert that it has become.
    if worst > known.severity:
        return Escalation(known.round + 1, now, worst, earlier=known.reached)
    return known


def _called_at(route: Route, snapshot: IncidentSnapshot) -> int | None:
    """Return when this route first called somebody, else when it first told somebody (ms)."""
    told = [
        ledger for ledger in snapshot.ledgers.values() if ledger.last_notified.state is NotifiedState.FIRING
    ]
    called = [
        ledger.paged_at
        for ledger in told
        if ledger.destination in route.paging and ledger.last_notified.paged
    ]
    first = earliest(*(at for at in called if at is not None))
    if first is not None:
        return first
    return earliest(*(ledger.first_notified_at for ledger in told if ledger.destination in route.named))


def _taken(
    route: Route, escalation: Escalation, snapshot: IncidentSnapshot, policy: Policy, now: int
) -> tuple[Escalation, int | None]:
    """Take the steps that are due now. Return when the next one falls due."""
    looks = []
    for position, step in enumerate(route.escalate):
        if position in escalation.taken or is_held_back(step, snapshot):
            continue
        due = due_at(route, position, escalation)
        if due > now:
            looks.append(due)
        # A closed interval only delays it: its end is looked at as every change of the calendar is.
        elif policy.calendar.holds(step.hours, snapshot.wall(now)):
            taken = {**escalation.taken, position: now}
            skipped = escalation.skipped
            if _is_paged_already(step, escalation, snapshot):
                skipped = (*skipped, position)
            escalation = msgspec.structs.replace(escalation, taken=taken, skipped=skipped)
    return escalation, earliest(*looks)


def due_at(route: Route, position: int, escalation: Escalation) -> int:
    """Return when a step falls due: no closer to the one taken last than the rules have them apart."""
    after = route.escalate[position].after
    due = escalation.since + after
    before = [(at, taken) for taken, at in escalation.taken.items() if taken < position]
    if not before:
        return due
    at, last = max(before)
    return max(due, at + after - route.escalate[last].after)


def is_held_back(step: EscalationStep, snapshot: IncidentSnapshot) -> bool:
    """Return whether somebody has the incident, so that nobody else is called by this step."""
    return step.unless_acknowledged and snapshot.incident.acknowledged is not None


def _is_paged_already(step: EscalationStep, escalation: Escalation, snapshot: IncidentSnapshot) -> bool:
    """Return whether all that the step would page was paged in this round: the same key calls nobody twice."""
    paged = paged_since(escalation.since, snapshot)
    return bool(step.page) and not step.notify and paged.issuperset(step.page)


def paged_since(since: int, snapshot: IncidentSnapshot) -> set[str]:
    """Return the destinations whose page called somebody at `since` (ms) or later."""
    return {
        ledger.destination
        for ledger in snapshot.ledgers.values()
        if ledger.last_notified.paged and ledger.paged_at is not None and ledger.paged_at >= since
    }


def _with_steps(
    judged: JudgedMember,
    routes: dict[str, Route],
    escalations: dict[str, Escalation],
    snapshot: IncidentSnapshot,
    policy: Policy,
    now: int,
) -> JudgedMember:
    """Return the member with the recipients of all steps that were taken on its routes, in this round or
    before: whoever was called by one is not left alone with it when it gets worse.
    """
    named = dict.fromkeys(recipient.route.name for recipient in judged.routed.recipients)
    added = [
        recipient
        for name in named
        if name in routes and name in escalations
        for position in sorted(escalations[name].taken.keys() | escalations[name].earlier.keys())
        if position < len(routes[name].escalate)
        for recipient in _recipients(judged, routes[name], position, snapshot, policy)
    ]
    if not added:
        return judged
    wall = snapshot.wall(now)
    muted_by = [
        policy.suppressor.muted(snapshot.controls, recipient, judged.routed.alert, wall)
        for recipient in added
    ]
    routed = msgspec.structs.replace(judged.routed, recipients=(*judged.routed.recipients, *added))
    return msgspec.structs.replace(judged, routed=routed, muted_by=(*judged.muted_by, *muted_by))


def _recipients(
    judged: JudgedMember, route: Route, position: int, snapshot: IncidentSnapshot, policy: Policy
) -> Iterable[Recipient]:
    step = route.escalate[position]
    # The step itself is the condition, and everybody has waited long enough.
    at_once = replace(route, page_when=PageWhen(), group_wait=0)
    for names, page in ((step.notify, False), (step.page, True)):
        for name in names:
            found = policy.router.recipient(name, judged.routed.alert.labels, at_once, page=page)
            if not isinstance(found, Recipient):
                continue
            recipient = at_its_place(replace(found, step=position + 1), snapshot)
            # Somebody took it before this target heard of it: it need not hear any more.
            if not is_held_back(step, snapshot) or _was_told(recipient, snapshot):
                yield recipient


def _was_told(recipient: Recipient, snapshot: IncidentSnapshot) -> bool:
    ledger = snapshot.ledgers.get(recipient.target)
    return ledger is not None and (
        ledger.last_notified.state is not NotifiedState.NOTHING or ledger.intent is not None
    )
