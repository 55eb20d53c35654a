"""A view: an incident as one target sees it now, and what the target should believe of it.

Each member is routed and suppressed on its own; severity, paging and timers are computed on the view. Before a telling the
shortest wait wins; before an end the longest, so that a flapping or slow member is not cut short.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from gateway.decisions.calendar import NEVER
from gateway.decisions.route import Recipient, interrupts
from gateway.model.alert import Alert
from gateway.model.incident import Incident, Member
from gateway.model.ledger import LastNotified, Ledger, NotifiedState
from gateway.model.rules.destination import Destination
from gateway.model.severity import Severity
from gateway.model.verdict import QUIETING, MemberStatus, Reason, Verdict


@dataclass(slots=True)
class Seat:
    """One member at one target: the legs that bring it here and what keeps it from being told."""

    member: Member
    alert: Alert
    recipients: list[Recipient]
    suppressed_by: Verdict | None
    resolve_held_by: Verdict | None = None  # what keeps its end from being told

    @property
    def group_wait(self) -> int:
        return min((recipient.route.group_wait for recipient in self.recipients), default=0)

    @property
    def held_no_longer_than(self) -> int:
        """Until when anything may hold it back: for ever, unless it is critical."""
        if self.alert.severity is not Severity.CRITICAL or not self.recipients:
            return NEVER
        return self.member.joined_at + min(recipient.route.longest_hold for recipient in self.recipients)

    @property
    def due(self) -> int:
        """When this member is to be told at the latest; a disputed one waits for nothing more once its time is over."""
        return min(max(self.member.joined_at + self.group_wait, self.alert.held_until), self.held_no_longer_than)


@dataclass(slots=True)
class View:
    """`desired` is what the target should believe, `due` when it is to be told so (0: it believes it already).

    `look_at` is when the view changes by time alone (0: never).
    """

    target: str
    destination: Destination | None
    address: str
    ledger: Ledger
    seats: list[Seat] = field(default_factory=list)
    covers: dict[str, bool] = field(default_factory=dict)
    desired: LastNotified = field(default_factory=LastNotified)
    due: int = 0
    look_at: int = 0
    quiet_until: int = 0
    moved_to: str = ""

    @property
    def firing(self) -> list[Seat]:
        return [seat for seat in self.seats if seat.alert.firing and seat.suppressed_by is None]

    @property
    def silenced_after_notify(self) -> list[Seat]:
        """Told as firing before something began to keep news of them away: that is over neither here nor for them."""
        told = self.ledger.last_notified
        if told.state not in (NotifiedState.FIRING, NotifiedState.CLOSED):
            return []
        return [
            seat
            for seat in self.seats
            if seat.alert.firing
            and seat.suppressed_by is not None
            and seat.suppressed_by.reason in QUIETING
            and told.members.get(seat.member.episode_id)
        ]

    @property
    def resolve_pending(self) -> list[Seat]:
        """Told as firing, and ended since, which is not to be said yet: to people it still fires."""
        told = self.ledger.last_notified
        if told.state is not NotifiedState.FIRING:
            return []
        return [
            seat
            for seat in self.seats
            if seat.resolve_held_by is not None
            and (seat.suppressed_by is None or seat.suppressed_by.reason in QUIETING)
            and told.members.get(seat.member.episode_id)
        ]

    @property
    def rule(self) -> str:
        recipients = [recipient for seat in self.firing or self.seats for recipient in seat.recipients]
        return next((recipient.rule for recipient in recipients if recipient.page), recipients[0].rule if recipients else "")

    @property
    def kind(self) -> str:
        """By what it is reached: what it was told through, or what the rules say."""
        if self.ledger.endpoint is not None:
            return self.ledger.endpoint.kind
        return self.destination.kind if self.destination else ""


def judge_paging(view: View) -> bool:
    """Does it interrupt now? Once it has, it does to the end of the view."""
    if view.ledger.last_notified.state is NotifiedState.FIRING and view.ledger.last_notified.paged:
        return True
    seen = [(seat.alert.severity, seat.alert.labels) for seat in _different(view.firing)]
    paging = {recipient.route.name: recipient.route for seat in view.firing for recipient in seat.recipients if recipient.page}
    return any(interrupts(route, seen) for route in paging.values())


def _different(seats: Iterable[Seat]) -> list[Seat]:
    return list({seat.alert.id: seat for seat in seats}.values())


def conclude(view: View, incident: Incident, now: int) -> View:
    """Fill in what the target should believe and when it is to be told."""
    paged = judge_paging(view)
    if not paged:
        for seat in view.firing:
            if all(recipient.page for recipient in seat.recipients):
                rule = seat.recipients[0].rule if seat.recipients else ""
                seat.suppressed_by = Verdict(MemberStatus.SUPPRESSED, Reason.PAGE_WHEN, rule)
    last_notified = view.ledger.last_notified
    if view.firing or (last_notified.state is NotifiedState.FIRING and (view.silenced_after_notify or view.resolve_pending)):
        _want_firing(view, incident, paged=paged)
    elif last_notified.state is NotifiedState.FIRING:
        _want_end(view, incident, now)
    elif last_notified.state is NotifiedState.CLOSED and not any(
        last_notified.members.get(s.member.episode_id) and s.alert.firing for s in view.seats
    ):
        view.desired = _ended(last_notified, NotifiedState.ENDED)
        view.due = now
    else:
        view.desired = last_notified
    return view


def _want_firing(view: View, incident: Incident, *, paged: bool) -> None:
    firing, silenced_after_notify = view.firing, view.silenced_after_notify
    seen = [*firing, *silenced_after_notify, *view.resolve_pending]
    last_notified, who = view.ledger.last_notified, incident.acknowledged
    goes_on = last_notified.state is NotifiedState.FIRING
    shown = (
        dict.fromkeys(last_notified.members, False)
        if last_notified.state in (NotifiedState.FIRING, NotifiedState.CLOSED)
        else {}
    )
    view.desired = LastNotified(
        state=NotifiedState.FIRING,
        severity=max(seat.alert.severity for seat in [*firing, *view.resolve_pending] or silenced_after_notify),
        members=shown | {seat.member.episode_id: True for seat in seen},
        acknowledged_by=who.by if who else "",
        paged=paged,
        covers=view.covers,
        silenced_after_notify={
            seat.member.episode_id: seat.suppressed_by.reason.value
            for seat in silenced_after_notify
            if seat.suppressed_by is not None
        },
    )
    if not goes_on:
        view.due = max(1, min(seat.due for seat in firing))
    elif view.desired != last_notified:
        waits = view.ledger.notified_at + min(
            (recipient.route.update_interval for s in view.seats for recipient in s.recipients), default=0
        )
        waits = min(
            [waits, *(seat.held_no_longer_than for seat in firing if seat.member.episode_id not in last_notified.members)]
        )
        view.due = max(1, 1 if _cannot_wait(last_notified, view.desired) else waits)


def _cannot_wait(before: LastNotified, after: LastNotified) -> bool:
    """A rise in severity, a page and a person's action never wait for `update_interval`."""
    return (
        after.severity > before.severity
        or after.paged > before.paged
        or after.acknowledged_by != before.acknowledged_by
        or after.covers != before.covers
        or bool(before.silenced_after_notify.keys() - after.silenced_after_notify.keys())
        or before.quiet
    )


def _want_end(view: View, incident: Incident, now: int) -> None:
    last_notified = view.ledger.last_notified
    told = [seat for seat in view.seats if last_notified.members.get(seat.member.episode_id)]
    if any(seat.alert.firing for seat in told):
        closed = incident.closed
        state = NotifiedState.CLOSED if closed else NotifiedState.MOVED
        view.desired = msgspec.structs.replace(
            last_notified if closed else _ended(last_notified, state),
            state=state,
            closed_by=closed.by if closed else "",
            quiet=False,
        )
        view.due = max(1, incident.last_change_at if closed is None else closed.at)
        return
    ends_at = quiet_until(view)
    if now >= ends_at:
        view.desired, view.due = _ended(last_notified, NotifiedState.ENDED), max(1, ends_at)
        return
    view.quiet_until = view.look_at = ends_at
    view.desired = last_notified
    if view.destination is not None and not view.destination.via.shows_quiet:
        return
    view.desired = msgspec.structs.replace(
        _ended(last_notified, NotifiedState.FIRING), severity=last_notified.severity, quiet=True
    )
    if view.desired != last_notified:
        waits = [recipient.route.update_interval for seat in view.seats for recipient in seat.recipients]
        view.due = max(1, view.ledger.notified_at + min(waits, default=0))


def _ended(last_notified: LastNotified, state: NotifiedState) -> LastNotified:
    return msgspec.structs.replace(
        last_notified, state=state, members=dict.fromkeys(last_notified.members, False), quiet=False, closed_by=""
    )


def quiet_until(view: View) -> int:
    """When this view has been quiet for the longest of its `resolve_after`, counted from its last end."""
    if not view.seats:
        return 0
    last = max(seat.alert.ended_at for seat in view.seats)
    return last + max((recipient.resolve_after for seat in view.seats for recipient in seat.recipients), default=0)


def severity_of(view: View) -> Severity:
    return max((seat.alert.severity for seat in view.firing), default=view.ledger.last_notified.severity)
