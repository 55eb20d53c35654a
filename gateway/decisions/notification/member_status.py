"""Standings: what each member is to a target, why, and how many are what: the third identity, and the ends of the fourth."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.decisions.notification.view import Seat, View
from gateway.model.durations import MINUTE
from gateway.model.incident import StatusCounts
from gateway.model.ledger import NotifiedState
from gateway.model.verdict import MemberStatus, Reason, Verdict

SILENT_FAILURE = 2 * MINUTE  # a destination that fails for longer is an alert of our own


def count_statuses(view: View, now: int) -> tuple[StatusCounts, dict[str, Verdict]]:
    """The third identity's count for this target, and each member's verdict."""
    verdicts = {seat.member.episode_id: _status_of(view, seat, now) for seat in view.seats}
    verdicts |= {
        seat.member.episode_id: _told_and(seat.suppressed_by)
        for seat in view.silenced_after_notify
        if seat.suppressed_by is not None
    }
    verdicts |= {
        seat.member.episode_id: _told_and(seat.resolve_held_by)
        for seat in view.resolve_pending
        if seat.resolve_held_by is not None
    }
    counts = dict.fromkeys(MemberStatus, 0)
    for verdict in verdicts.values():
        counts[MemberStatus(verdict.outcome)] += 1
    open_ends = [seat.alert for seat in view.seats if view.ledger.last_notified.members.get(seat.member.episode_id)]
    held = len(view.resolve_pending)
    ended = sum(not alert.firing for alert in open_ends) - held
    books = StatusCounts(
        members=len(view.seats),
        told=counts[MemberStatus.TOLD],
        undeliverable=counts[MemberStatus.UNDELIVERABLE],
        suppressed=counts[MemberStatus.SUPPRESSED],
        held=counts[MemberStatus.HELD],
        due=counts[MemberStatus.DUE],
        telling_firing=len(open_ends) - ended - held,
        ends_due=0 if view.ledger.dead else ended,
        ends_undeliverable=ended if view.ledger.dead else 0,
        reasons=reasons(verdicts.values()),
        failing=view.ledger.destination if _fails(view, now) else "",
        ends_held=held,
    )
    return books, verdicts


def is_unheard(views: Iterable[View], now: int) -> bool:
    """It fires, nobody knows, and everybody who has to be told has been tried in vain for long."""
    wanting = [view for view in views if view.desired.state is NotifiedState.FIRING]
    return bool(wanting) and all(
        view.ledger.last_notified.state is not NotifiedState.FIRING and _fails(view, now) for view in wanting
    )


def _fails(view: View, now: int) -> bool:
    """A dead letter, or something to say that has been tried in vain for so long that people should hear of it."""
    ledger = view.ledger
    owes = view.desired != ledger.last_notified or ledger.pending_notes or ledger.intent is not None
    tried = ledger.failing_since and (ledger.fell_back_at or now - ledger.failing_since > SILENT_FAILURE)
    return bool(ledger.dead or (owes and tried))


def reasons(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How many verdicts have which reason, in an order of its own, so that equal counts are equal records."""
    found: dict[str, int] = {}
    for verdict in verdicts:
        found[verdict.reason.value] = found.get(verdict.reason.value, 0) + 1
    return dict(sorted(found.items()))


def _status_of(view: View, seat: Seat, now: int) -> Verdict:
    ledger, rule = view.ledger, seat.recipients[0].rule if seat.recipients else ""
    if seat.member.episode_id in ledger.last_notified.members:
        return Verdict(MemberStatus.TOLD, Reason.DELIVERED, rule)
    if ledger.dead:
        return Verdict(MemberStatus.UNDELIVERABLE, Reason.DEAD_LETTER, rule)
    if seat.suppressed_by is not None:
        return seat.suppressed_by
    if not seat.alert.firing:
        return Verdict(MemberStatus.SUPPRESSED, Reason.ENDED_UNTOLD, rule)
    if ledger.last_notified.state is NotifiedState.FIRING and view.due > now:
        return Verdict(MemberStatus.HELD, Reason.UPDATE_INTERVAL, rule, view.due)
    if view.due > now:
        return Verdict(MemberStatus.HELD, Reason.GROUP_WAIT, rule, view.due)
    return Verdict(MemberStatus.DUE, Reason.WAITING_TO_SEND, rule, view.due)


def _told_and(suppressed_by: Verdict) -> Verdict:
    """It stays told; the reason says why no news of it are, or no end."""
    return Verdict(MemberStatus.TOLD, suppressed_by.reason, suppressed_by.rule, suppressed_by.until, suppressed_by.because)
