"""Seating: which members of an incident each target sees, and by which routes; whoever was told, and whoever stands in, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gateway.decisions.incident_snapshot import Case
from gateway.decisions.notification.assumptions import assumed
from gateway.decisions.notification.view import Seat, View
from gateway.decisions.policy import Policy
from gateway.decisions.route import Leg, Misled, Routing
from gateway.model.alert import Alert
from gateway.model.incident import Member
from gateway.model.ledger import NOTHING_BELIEVED, Ledger, Told
from gateway.model.own_alert import OWN_SOURCE
from gateway.model.verdict import Reason, Standing, Verdict

UNROUTED = Verdict(Standing.SUPPRESSED, Reason.UNROUTED)


class Seating:
    """Fills `views` by target; `unseen` holds the members that no target sees, with the reason."""

    def __init__(self, case: Case, policy: Policy, now: int) -> None:
        self._case = case
        self._router = policy.router
        self._suppressor = policy.suppressor
        self._now = now
        self.views: dict[str, View] = {}
        self.unseen: dict[str, Verdict] = {}
        self._seated: dict[tuple[str, str], Seat] = {}  # by target and episode

    def seat(self) -> None:
        """All of it: by the routes, for failing targets, and where they were told before."""
        for member in self._case.incident.members:
            alert = self._case.alerts.get(member.episode_id)
            if alert is not None:
                self._seat_routed(member, alert)
        self._stand_in()
        self._seat_the_told()

    def _seat_routed(self, member: Member, alert: Alert) -> None:
        routing = self._router.routing(alert.labels, self._now)
        if alert.spoken_by.startswith(OWN_SOURCE):
            routing = self._router.own_legs(routing, alert.labels)
        kept = self._suppressor.verdict(self._case, member, alert, named=routing.named, now=self._now)
        legs = [self._placed(leg) for leg in (*routing.legs, *self._detours(routing, alert))]
        if not legs:
            self.unseen[member.episode_id] = _unseen(routing, kept)
        for target in dict.fromkeys(leg.target for leg in legs):
            self._take(self._seat_at([leg for leg in legs if leg.target == target], member, alert, kept))

    def _seat_at(self, legs: list[Leg], member: Member, alert: Alert, kept: Verdict | None) -> Seat:
        """By the ways that are open now; where none is, it is muted. What suppresses goes before what holds."""
        mutes = [self._suppressor.muted(self._case.orders, leg, alert, self._now) for leg in legs]
        ways = [leg for leg, mute in zip(legs, mutes, strict=True) if mute is None]
        muted = None if ways else mutes[0]
        seat = Seat(member, alert, ways or legs, kept if kept is not None and kept.outcome == Standing.SUPPRESSED else muted)
        if seat.kept is None and self._may_hold(seat):
            seat.kept = kept
        return seat

    def _may_hold(self, seat: Seat) -> bool:
        """Nothing that is critical for too long, and nothing back that was told already: also in a life before of which no end
        was told, since for people that just goes on."""
        ledger = self._case.ledgers.get(seat.legs[0].target)
        told = assumed(ledger).believed if ledger is not None else NOTHING_BELIEVED
        lives = (episode for episode, firing in told.members.items() if firing and told.state is Told.FIRING)
        fires = any(episode.rpartition(".")[0] == seat.member.alert for episode in lives)
        return not fires and self._now < seat.held_no_longer_than

    def _take(self, seat: Seat) -> View:
        """A member that sits at this target already gets the further legs."""
        leg = seat.legs[0]
        view = self.views.get(leg.target)
        if view is None:
            ledger = self._case.ledgers.get(leg.target) or Ledger(self._case.incident.id, leg.target, leg.destination.name)
            view = self.views[leg.target] = View(leg.target, leg.destination, leg.address, assumed(ledger))
        seated = self._seated.get((leg.target, seat.member.episode_id))
        if seated is None:
            self._sit(view, seat)
        else:
            seated.legs += [one for one in seat.legs if one not in seated.legs]
        return view

    def _sit(self, view: View, seat: Seat) -> None:
        seat.end_held = self._suppressor.end_held(self._case, seat.alert, self._now)
        view.seats.append(seat)
        self._seated[view.target, seat.member.episode_id] = seat

    def _placed(self, leg: Leg) -> Leg:
        """A destination that means another place by now is another target there: the old place is owed an end of what it was told."""
        ledger = self._case.ledgers.get(leg.target)
        told = ledger.through if ledger else None
        here = (leg.address, leg.destination.credential)
        if told is None or told.kind == "log" or (told.address, told.secret) == here:
            return leg
        target = f"{leg.destination.name}:{leg.address}"
        return replace(leg, target=target if target != leg.target else f"{target} {leg.destination.credential}")

    def _detours(self, routing: Routing, alert: Alert) -> Iterator[Leg]:
        """A channel that a template may not name: the alert is told at the destination's fallback, chains followed."""
        for misled in routing.misled:
            waiting = list(misled.destination.fallback)
            while waiting:
                leg = self._router.leg(waiting.pop(0), alert.labels, misled.route, page=misled.page)
                if isinstance(leg, Misled):
                    waiting += leg.destination.fallback
                else:
                    yield leg

    def _seat_the_told(self) -> None:
        """Whoever was told of a member keeps seeing it, whatever the routes say now: its end is owed."""
        members = {member.episode_id: member for member in self._case.incident.members}
        for target, ledger in self._case.ledgers.items():
            view = self.views.get(target)
            if view is None:
                address = ledger.through.address if ledger.through else ""
                view = self.views[target] = View(target, None, address, assumed(ledger))
            for episode in view.ledger.believed.members:
                member, alert = members.get(episode), self._case.alerts.get(episode)
                if member is not None and alert is not None and (target, episode) not in self._seated:
                    self._sit(view, Seat(member, alert, [], UNROUTED))

    def _stand_in(self) -> None:
        """A failing target's view is added to its fallback's and stays there until the incident ends at it; chains follow on."""
        waiting = [target for target, ledger in self._case.ledgers.items() if ledger.fell_back_at]
        done: set[str] = set()
        while waiting:
            view = self.views.get(waiting.pop(0))
            if view is None or view.target in done:
                continue
            done.add(view.target)
            failing = bool(view.ledger.failing_since or view.ledger.dead)
            for stand_in in self._lent(view, failing=failing):
                stand_in.covers[view.target] = failing
                if stand_in.ledger.fell_back_at:
                    waiting.append(stand_in.target)

    def _lent(self, view: View, *, failing: bool) -> list[View]:
        """Those that stand in; one that was told the end does so no longer, unless the other cannot be reached still."""
        lent: dict[str, View] = {}
        for seat, leg in [(one, leg) for one in view.seats for leg in one.legs]:
            for name in view.destination.fallback if view.destination else ():
                other = self._router.leg(name, seat.alert.labels, leg.route, page=leg.page)
                if isinstance(other, Leg) and (failing or not self._was_told_the_end(other.target)):
                    there = self._take(Seat(seat.member, seat.alert, [self._placed(other)], seat.kept))
                    lent[there.target] = there
        return list(lent.values())

    def _was_told_the_end(self, target: str) -> bool:
        ledger = self._case.ledgers.get(target)
        return ledger is not None and ledger.believed.state is Told.ENDED


def _unseen(routing: Routing, kept: Verdict | None) -> Verdict:
    for misled in routing.misled:
        return Verdict(Standing.UNDELIVERABLE, Reason.TEMPLATE_VALUE, misled.route.described)
    return kept if kept is not None and kept.outcome == Standing.SUPPRESSED else UNROUTED
