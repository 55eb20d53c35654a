"""A view: an incident as one target sees it now, and what the target should believe of it.

Each member is routed and suppressed on its own; severity, paging and timers are computed on the view. Before a telling the
shortest wait wins; before an end the longest, so that a flapping or slow member is not cut short.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from gateway.decisions.calendar import NEVER
from gateway.decisions.route import Leg, interrupts
from gateway.model.alert import Alert
from gateway.model.incident import Incident, Member
from gateway.model.ledger import Believed, Ledger, Told
from gateway.model.rules.destination import Destination
from gateway.model.severity import Severity
from gateway.model.verdict import QUIETING, Reason, Standing, Verdict


@dataclass(slots=True)
class Seat:
    """One member at one target: the legs that bring it here and what keeps it from being told."""

    member: Member
    alert: Alert
    legs: list[Leg]
    kept: Verdict | None
    end_held: Verdict | None = None  # what keeps its end from being told

    @property
    def group_wait(self) -> int:
        return min((leg.route.group_wait for leg in self.legs), default=0)

    @property
    def held_no_longer_than(self) -> int:
        """Until when anything may hold it back: for ever, unless it is critical."""
        if self.alert.severity is not Severity.CRITICAL or not self.legs:
            return NEVER
        return self.member.joined_at + min(leg.route.longest_hold for leg in self.legs)

    @property
    def due(self) -> int:
        """When this member is to be told at the latest; a disputed one waits for nothing more once its time is over."""
        return min(max(self.member.joined_at + self.group_wait, self.alert.held_until), self.held_no_longer_than)


@dataclass(slots=True)
class View:
    """`want` is what the target should believe, `due` when it is to be told so (0: it believes it already).

    `look_at` is when the view changes by time alone (0: never).
    """

    target: str
    destination: Destination | None
    address: str
    ledger: Ledger
    seats: list[Seat] = field(default_factory=list)
    covers: dict[str, bool] = field(default_factory=dict)
    want: Believed = field(default_factory=Believed)
    due: int = 0
    look_at: int = 0
    quiet_until: int = 0
    moved_to: str = ""

    @property
    def firing(self) -> list[Seat]:
        return [seat for seat in self.seats if seat.alert.firing and seat.kept is None]

    @property
    def hushed(self) -> list[Seat]:
        """Told as firing before something began to keep news of them away: that is over neither here nor for them."""
        told = self.ledger.believed
        if told.state not in (Told.FIRING, Told.CLOSED):
            return []
        return [
            seat
            for seat in self.seats
            if seat.alert.firing
            and seat.kept is not None
            and seat.kept.reason in QUIETING
            and told.members.get(seat.member.episode_id)
        ]

    @property
    def unended(self) -> list[Seat]:
        """Told as firing, and ended since, which is not to be said yet: to people it still fires."""
        told = self.ledger.believed
        if told.state is not Told.FIRING:
            return []
        return [
            seat
            for seat in self.seats
            if seat.end_held is not None
            and (seat.kept is None or seat.kept.reason in QUIETING)
            and told.members.get(seat.member.episode_id)
        ]

    @property
    def rule(self) -> str:
        legs = [leg for seat in self.firing or self.seats for leg in seat.legs]
        return next((leg.rule for leg in legs if leg.page), legs[0].rule if legs else "")

    @property
    def kind(self) -> str:
        """By what it is reached: what it was told through, or what the rules say."""
        if self.ledger.through is not None:
            return self.ledger.through.kind
        return self.destination.kind if self.destination else ""


def judge_paging(view: View) -> bool:
    """Does it interrupt now? Once it has, it does to the end of the view."""
    if view.ledger.believed.state is Told.FIRING and view.ledger.believed.paged:
        return True
    seen = [(seat.alert.severity, seat.alert.labels) for seat in _different(view.firing)]
    paging = {leg.route.name: leg.route for seat in view.firing for leg in seat.legs if leg.page}
    return any(interrupts(route, seen) for route in paging.values())


def _different(seats: Iterable[Seat]) -> list[Seat]:
    return list({seat.alert.id: seat for seat in seats}.values())


def conclude(view: View, incident: Incident, now: int) -> View:
    """Fill in what the target should believe and when it is to be told."""
    paged = judge_paging(view)
    if not paged:
        for seat in view.firing:
            if all(leg.page for leg in seat.legs):
                rule = seat.legs[0].rule if seat.legs else ""
                seat.kept = Verdict(Standing.SUPPRESSED, Reason.PAGE_WHEN, rule)
    believed = view.ledger.believed
    if view.firing or (believed.state is Told.FIRING and (view.hushed or view.unended)):
        _want_firing(view, incident, paged=paged)
    elif believed.state is Told.FIRING:
        _want_end(view, incident, now)
    elif believed.state is Told.CLOSED and not any(
        believed.members.get(s.member.episode_id) and s.alert.firing for s in view.seats
    ):
        view.want = _ended(believed, Told.ENDED)
        view.due = now
    else:
        view.want = believed
    return view


def _want_firing(view: View, incident: Incident, *, paged: bool) -> None:
    firing, hushed = view.firing, view.hushed
    seen = [*firing, *hushed, *view.unended]
    believed, who = view.ledger.believed, incident.acknowledged
    goes_on = believed.state is Told.FIRING
    shown = dict.fromkeys(believed.members, False) if believed.state in (Told.FIRING, Told.CLOSED) else {}
    view.want = Believed(
        state=Told.FIRING,
        severity=max(seat.alert.severity for seat in [*firing, *view.unended] or hushed),
        members=shown | {seat.member.episode_id: True for seat in seen},
        acknowledged_by=who.by if who else "",
        paged=paged,
        covers=view.covers,
        hushed={seat.member.episode_id: seat.kept.reason.value for seat in hushed if seat.kept is not None},
    )
    if not goes_on:
        view.due = max(1, min(seat.due for seat in firing))
    elif view.want != believed:
        waits = view.ledger.told_at + min((leg.route.update_interval for s in view.seats for leg in s.legs), default=0)
        waits = min([waits, *(seat.held_no_longer_than for seat in firing if seat.member.episode_id not in believed.members)])
        view.due = max(1, 1 if _cannot_wait(believed, view.want) else waits)


def _cannot_wait(before: Believed, after: Believed) -> bool:
    """A rise in severity, a page and a person's action never wait for `update_interval`."""
    return (
        after.severity > before.severity
        or after.paged > before.paged
        or after.acknowledged_by != before.acknowledged_by
        or after.covers != before.covers
        or bool(before.hushed.keys() - after.hushed.keys())
        or before.quiet
    )


def _want_end(view: View, incident: Incident, now: int) -> None:
    believed = view.ledger.believed
    told = [seat for seat in view.seats if believed.members.get(seat.member.episode_id)]
    if any(seat.alert.firing for seat in told):
        closed = incident.closed
        state = Told.CLOSED if closed else Told.MOVED
        view.want = msgspec.structs.replace(
            believed if closed else _ended(believed, state),
            state=state,
            closed_by=closed.by if closed else "",
            quiet=False,
        )
        view.due = max(1, incident.last_change_at if closed is None else closed.at)
        return
    ends_at = quiet_until(view)
    if now >= ends_at:
        view.want, view.due = _ended(believed, Told.ENDED), max(1, ends_at)
        return
    view.quiet_until = view.look_at = ends_at
    view.want = believed
    if view.kind == "pagerduty":  # it knows no state between firing and resolved
        return
    view.want = msgspec.structs.replace(_ended(believed, Told.FIRING), severity=believed.severity, quiet=True)
    if view.want != believed:
        waits = [leg.route.update_interval for seat in view.seats for leg in seat.legs]
        view.due = max(1, view.ledger.told_at + min(waits, default=0))


def _ended(believed: Believed, state: Told) -> Believed:
    return msgspec.structs.replace(
        believed, state=state, members=dict.fromkeys(believed.members, False), quiet=False, closed_by=""
    )


def quiet_until(view: View) -> int:
    """When this view has been quiet for the longest of its `resolve_after`, counted from its last end."""
    if not view.seats:
        return 0
    last = max(seat.alert.ended_at for seat in view.seats)
    return last + max((leg.resolve_after for seat in view.seats for leg in seat.legs), default=0)


def severity_of(view: View) -> Severity:
    return max((seat.alert.severity for seat in view.firing), default=view.ledger.believed.severity)
