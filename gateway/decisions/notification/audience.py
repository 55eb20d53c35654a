"""Seating: which members of an incident each target sees, and by which routes; whoever was told, and whoever stands in, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from gateway.decisions.incident_snapshot import IncidentSnapshot
from gateway.decisions.notification.assumptions import assumed
from gateway.decisions.notification.view import Seat, View
from gateway.decisions.policy import Policy
from gateway.decisions.route import DisallowedChannel, Recipient, Routing
from gateway.model.alert import Alert
from gateway.model.incident import Member
from gateway.model.ledger import NEVER_NOTIFIED, Ledger, NotifiedState
from gateway.model.own_alert import OWN_SOURCE
from gateway.model.verdict import MemberStatus, Reason, Verdict

UNROUTED = Verdict(MemberStatus.SUPPRESSED, Reason.UNROUTED)


class Audience:
    """Fills `views` by target; `untargeted_verdicts` holds the members that no target sees, with the reason."""

    def __init__(self, snapshot: IncidentSnapshot, policy: Policy, now: int) -> None:
        self._case = snapshot
        self._router = policy.router
        self._suppressor = policy.suppressor
        self._now = now
        self.views: dict[str, View] = {}
        self.untargeted_verdicts: dict[str, Verdict] = {}
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
            routing = self._router.own_recipients(routing, alert.labels)
        suppressed_by = self._suppressor.verdict(self._case, member, alert, named=routing.named, now=self._now)
        recipients = [self._placed(recipient) for recipient in (*routing.recipients, *self._detours(routing, alert))]
        if not recipients:
            self.untargeted_verdicts[member.episode_id] = _unseen(routing, suppressed_by)
        for target in dict.fromkeys(recipient.target for recipient in recipients):
            self._take(
                self._seat_at(
                    [recipient for recipient in recipients if recipient.target == target], member, alert, suppressed_by
                )
            )

    def _seat_at(self, recipients: list[Recipient], member: Member, alert: Alert, suppressed_by: Verdict | None) -> Seat:
        """By the ways that are open now; where none is, it is muted. What suppresses goes before what holds."""
        mutes = [self._suppressor.muted(self._case.controls, recipient, alert, self._now) for recipient in recipients]
        ways = [recipient for recipient, mute in zip(recipients, mutes, strict=True) if mute is None]
        muted = None if ways else mutes[0]
        seat = Seat(
            member,
            alert,
            ways or recipients,
            suppressed_by if suppressed_by is not None and suppressed_by.outcome == MemberStatus.SUPPRESSED else muted,
        )
        if seat.suppressed_by is None and self._may_hold(seat):
            seat.suppressed_by = suppressed_by
        return seat

    def _may_hold(self, seat: Seat) -> bool:
        """Nothing that is critical for too long, and nothing back that was told already: also in a life before of which no end
        was told, since for people that just goes on."""
        ledger = self._case.ledgers.get(seat.recipients[0].target)
        told = assumed(ledger).last_notified if ledger is not None else NEVER_NOTIFIED
        lives = (episode for episode, firing in told.members.items() if firing and told.state is NotifiedState.FIRING)
        fires = any(episode.rpartition(".")[0] == seat.member.alert for episode in lives)
        return not fires and self._now < seat.held_no_longer_than

    def _take(self, seat: Seat) -> View:
        """A member that sits at this target already gets the further legs."""
        recipient = seat.recipients[0]
        view = self.views.get(recipient.target)
        if view is None:
            ledger = self._case.ledgers.get(recipient.target) or Ledger(
                self._case.incident.id, recipient.target, recipient.destination.name
            )
            view = self.views[recipient.target] = View(
                recipient.target, recipient.destination, recipient.address, assumed(ledger)
            )
        seated = self._seated.get((recipient.target, seat.member.episode_id))
        if seated is None:
            self._sit(view, seat)
        else:
            seated.recipients += [one for one in seat.recipients if one not in seated.recipients]
        return view

    def _sit(self, view: View, seat: Seat) -> None:
        seat.resolve_held_by = self._suppressor.resolve_held_by(self._case, seat.alert, self._now)
        view.seats.append(seat)
        self._seated[view.target, seat.member.episode_id] = seat

    def _placed(self, recipient: Recipient) -> Recipient:
        """A destination that means another place by now is another target there: the old place is owed an end of what it was told."""
        ledger = self._case.ledgers.get(recipient.target)
        told = ledger.endpoint if ledger else None
        here = (recipient.address, recipient.destination.credential)
        if told is None or told.kind == "log" or (told.address, told.secret) == here:
            return recipient
        target = f"{recipient.destination.name}:{recipient.address}"
        return replace(
            recipient, target=target if target != recipient.target else f"{target} {recipient.destination.credential}"
        )

    def _detours(self, routing: Routing, alert: Alert) -> Iterator[Recipient]:
        """A channel that a template may not name: the alert is told at the destination's fallback, chains followed."""
        for disallowed in routing.disallowed:
            waiting = list(disallowed.destination.fallback)
            while waiting:
                recipient = self._router.recipient(waiting.pop(0), alert.labels, disallowed.route, page=disallowed.page)
                if isinstance(recipient, DisallowedChannel):
                    waiting += recipient.destination.fallback
                else:
                    yield recipient

    def _seat_the_told(self) -> None:
        """Whoever was told of a member keeps seeing it, whatever the routes say now: its end is owed."""
        members = {member.episode_id: member for member in self._case.incident.members}
        for target, ledger in self._case.ledgers.items():
            view = self.views.get(target)
            if view is None:
                address = ledger.endpoint.address if ledger.endpoint else ""
                view = self.views[target] = View(target, None, address, assumed(ledger))
            for episode in view.ledger.last_notified.members:
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
        for seat, recipient in [(one, recipient) for one in view.seats for recipient in one.recipients]:
            for name in view.destination.fallback if view.destination else ():
                other = self._router.recipient(name, seat.alert.labels, recipient.route, page=recipient.page)
                if isinstance(other, Recipient) and (failing or not self._was_told_the_end(other.target)):
                    there = self._take(Seat(seat.member, seat.alert, [self._placed(other)], seat.suppressed_by))
                    lent[there.target] = there
        return list(lent.values())

    def _was_told_the_end(self, target: str) -> bool:
        ledger = self._case.ledgers.get(target)
        return ledger is not None and ledger.last_notified.state is NotifiedState.ENDED


def _unseen(routing: Routing, suppressed_by: Verdict | None) -> Verdict:
    for disallowed in routing.disallowed:
        return Verdict(MemberStatus.UNDELIVERABLE, Reason.TEMPLATE_VALUE, disallowed.route.described)
    return suppressed_by if suppressed_by is not None and suppressed_by.outcome == MemberStatus.SUPPRESSED else UNROUTED
