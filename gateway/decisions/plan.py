"""Plan: for one incident, what every target should believe now, when each is to be told, and when to look again.

Deliver asks the very same function again just before it sends, so that what is sent is always the newest state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import msgspec

from gateway.decisions.believe import assumed, overtaken
from gateway.decisions.route import OWN_SOURCE, OWN_SUBJECT, Leg, Misled, Router, Routing
from gateway.decisions.suppress import lapse, suppression
from gateway.decisions.view import Seat, View, conclude, quiet_until, reasons, standings
from gateway.model.alert import Alert
from gateway.model.incident import Incident, Member, Standings, Told
from gateway.model.ledger import Ledger
from gateway.model.verdict import Reason, Standing, Verdict


@dataclass(frozen=True, slots=True)
class Case:
    """An incident with everything that was read for it: `alerts` by episode id, `ledgers` by target.

    `closed`: since when (ms) a target's lane is closed by its vendor, so that nothing is even tried there.
    """

    incident: Incident
    alerts: Mapping[str, Alert]
    ledgers: Mapping[str, Ledger]
    closed: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """`incident` as it should be now; `look_at` when something changes by time alone (0: never).

    `homeless` counts the members that no target sees, by what they are instead.
    """

    incident: Incident
    views: dict[str, View]
    look_at: int
    homeless: Standings
    unseen: dict[str, Verdict]


def plan(case: Case, router: Router, now: int) -> Plan:
    firing = [alert for alert in case.alerts.values() if alert.firing]
    incident = lapse(case.incident, firing, now)
    views: dict[str, View] = {}
    unseen: dict[str, Verdict] = {}
    for member in incident.members:
        alert = case.alerts.get(member.episode_id)
        if alert is not None:
            _seat(case, incident, member, alert, router, now, views, unseen)
    _stand_in(case, router, views)
    _seat_the_told(case, views)
    for view in views.values():
        conclude(view, incident, now)
        view.ledger = overtaken(view.ledger, view.want)
        view.moved_to = _moved_to(view, views)
    incident = _resolve(incident, views, firing, now)
    return Plan(incident, views, _next_look(case, incident, views, now), _homeless(unseen), unseen)


def _seat(
    case: Case, incident: Incident, member: Member, alert: Alert, router: Router, now: int,
    views: dict[str, View], unseen: dict[str, Verdict],
) -> None:  # fmt: skip
    routing = router.routing(alert.labels)
    if alert.spoken_by.startswith(OWN_SOURCE):
        routing = router.own_legs(routing, alert.labels.get(OWN_SUBJECT, ""))
    kept = suppression(incident, member, alert, named=routing.named, now=now)
    legs = [_placed(case, leg) for leg in (*routing.legs, *_detours(router, routing, alert))]
    if not legs:
        misled = Verdict(Standing.UNDELIVERABLE, Reason.TEMPLATE_VALUE)
        unseen[member.episode_id] = misled if routing.misled else kept or Verdict(Standing.SUPPRESSED, Reason.UNROUTED)
    for leg in legs:
        _view(case, leg, views)
        seats = views[leg.target].seats
        if seats and seats[-1].member is member:
            seats[-1].legs.append(leg)
        else:
            seats.append(Seat(member, alert, [leg], kept))


def _placed(case: Case, leg: Leg) -> Leg:
    """A destination that means another place by now is another target there: what the old place was told, it is owed an end of."""
    ledger = case.ledgers.get(leg.target)
    told = ledger.through if ledger else None
    here = (leg.address, leg.destination.credential)
    if told is None or told.kind == "log" or (told.address, told.secret) == here:
        return leg
    name, channel = leg.destination.name, leg.address
    return replace(leg, target=f"{name}:{channel}" if leg.target != f"{name}:{channel}" else f"{name}:{channel} {here[1]}")


def _view(case: Case, leg: Leg, views: dict[str, View]) -> View:
    view = views.get(leg.target)
    if view is None:
        ledger = assumed(case.ledgers.get(leg.target) or Ledger(case.incident.id, leg.target, leg.destination.name))
        view = views[leg.target] = View(leg.target, leg.destination, leg.address, ledger)
    return view


def _detours(router: Router, routing: Routing, alert: Alert) -> list[Leg]:
    """A channel that a template may not name: the alert is told at the destination's fallback, chains followed."""
    found: list[Leg] = []
    for misled in routing.misled:
        waiting = list(misled.destination.fallback)
        while waiting:
            leg = router.leg(waiting.pop(0), alert.labels, misled.route, page=misled.page)
            if isinstance(leg, Misled):
                waiting += leg.destination.fallback
            else:
                found.append(leg)
    return found


def _seat_the_told(case: Case, views: dict[str, View]) -> None:
    """Whoever was told of a member keeps seeing it, whatever the routes say now: its end is owed."""
    members = {member.episode_id: member for member in case.incident.members}
    for target, ledger in case.ledgers.items():
        view = views.get(target)
        if view is None:
            address = ledger.through.address if ledger.through else ""
            view = views[target] = View(target, None, address, assumed(ledger))
        seated = {seat.member.episode_id for seat in view.seats}
        moved = Verdict(Standing.SUPPRESSED, Reason.UNROUTED)
        for episode in view.ledger.believed.members:
            if episode not in seated and episode in members and episode in case.alerts:
                view.seats.append(Seat(members[episode], case.alerts[episode], [], moved))


def _moved_to(view: View, views: Mapping[str, View]) -> str:
    """Where the members are told now that a target no longer sees."""
    if view.want.state is not Told.MOVED:
        return ""
    left = {seat.member.episode_id for seat in view.seats}
    others = [target for target, one in views.items() if any(seat.member.episode_id in left for seat in one.firing)]
    return f"told at {', '.join(others)} now" if others else "no rule routes it here any longer"


def _stand_in(case: Case, router: Router, views: dict[str, View]) -> None:
    """A failing target's view is added to its fallback's and stays there until the incident ends at it; chains follow on."""
    waiting = [target for target, ledger in case.ledgers.items() if ledger.fell_back_at]
    done: set[str] = set()
    while waiting:
        target = waiting.pop(0)
        view = views.get(target)
        if target in done or view is None or view.destination is None:
            continue
        done.add(target)
        failing = bool(view.ledger.failing_since or view.ledger.dead)
        for name in view.destination.fallback:
            for stand_in in _lend(case, router, view, name, views, failing=failing):
                views[stand_in].covers[target] = failing
                if views[stand_in].ledger.fell_back_at and stand_in not in done:
                    waiting.append(stand_in)


def _lend(case: Case, router: Router, view: View, name: str, views: dict[str, View], *, failing: bool) -> list[str]:
    """The targets that stand in; one that was told the end does so no longer, unless the other cannot be reached still."""
    targets = []
    for seat in view.seats:
        for leg in seat.legs:
            other = router.leg(name, seat.alert.labels, leg.route, page=leg.page)
            if isinstance(other, Leg) and (failing or not _was_told_the_end(case, other.target)):
                there = _view(case, other, views)
                seated = next((one for one in there.seats if one.member == seat.member), None)
                if seated is None:
                    there.seats.append(Seat(seat.member, seat.alert, [other], seat.kept))
                elif other not in seated.legs:
                    seated.legs.append(other)
                targets.append(other.target)
    return list(dict.fromkeys(targets))


def _was_told_the_end(case: Case, target: str) -> bool:
    ledger = case.ledgers.get(target)
    return ledger is not None and ledger.believed.state is Told.ENDED


def _resolve(incident: Incident, views: dict[str, View], firing: list[Alert], now: int) -> Incident:
    """Resolved for good once every view has been quiet for its own `resolve_after`."""
    if firing or incident.resolved_at:
        return incident
    quiet = max((quiet_until(view) for view in views.values()), default=0)
    return msgspec.structs.replace(incident, resolved_at=now) if now >= quiet else incident


def _next_look(case: Case, incident: Incident, views: dict[str, View], now: int) -> int:
    times = [alert.held_until for alert in case.alerts.values() if alert.firing]
    times += [quiet_until(view) for view in views.values() if not incident.resolved_at and not incident.firing]
    times += [view.look_at for view in views.values()]
    times += [_fallback_time(view, case.closed.get(view.target, 0)) for view in views.values()]
    times += [remind_at(view, incident, view.ledger) for view in views.values()]
    if incident.closed:
        times.append(incident.closed.until)
    return min((time for time in times if time > now), default=0)


def failing_since(view: View, closed: int) -> int:
    """Since when the target has not been told what is due, though it was tried or its vendor takes nothing; 0 for not at all."""
    if view.ledger.failing_since or not closed or not view.due or view.want == view.ledger.believed:
        return view.ledger.failing_since
    return max(view.due, closed)


def _fallback_time(view: View, closed: int) -> int:
    """What is due and not told by then is looked at once more: its vendor may have closed the lane meanwhile."""
    if view.ledger.fell_back_at or view.destination is None or not view.destination.fallback:
        return 0
    due = view.due if view.want != view.ledger.believed else 0
    since = failing_since(view, closed) or due
    return since + view.destination.fallback_after if since else 0


def remind_at(view: View, incident: Incident, ledger: Ledger) -> int:
    """When the thread is told again that this still fires and nobody has it, 0 for never."""
    reminds = [leg.route.remind for seat in view.firing for leg in seat.legs if leg.route.remind]
    if not reminds or incident.acknowledged or not ledger.first_told_at or ledger.remote is None:
        return 0
    return max(ledger.first_told_at, ledger.reminded_at) + min(reminds)


def _homeless(unseen: Mapping[str, Verdict]) -> Standings:
    counts = dict.fromkeys(Standing, 0)
    for verdict in unseen.values():
        counts[Standing(verdict.outcome)] += 1
    return Standings(
        members=len(unseen),
        undeliverable=counts[Standing.UNDELIVERABLE],
        suppressed=counts[Standing.SUPPRESSED],
        held=counts[Standing.HELD],
        reasons=reasons(unseen.values()),
    )


__all__ = ["Case", "Plan", "failing_since", "plan", "remind_at", "standings"]
