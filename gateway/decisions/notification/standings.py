"""Standings: what each member is to a target, why, and how many are what: the third identity, and the ends of the fourth."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.decisions.notification.view import Seat, View
from gateway.model.durations import MINUTE
from gateway.model.incident import Standings
from gateway.model.ledger import Told
from gateway.model.verdict import Reason, Standing, Verdict

SILENT_FAILURE = 2 * MINUTE  # a destination that fails for longer is an alert of our own


def standings(view: View, now: int) -> tuple[Standings, dict[str, Verdict]]:
    """The third identity's count for this target, and each member's verdict."""
    verdicts = {seat.member.episode_id: _standing(view, seat, now) for seat in view.seats}
    verdicts |= {seat.member.episode_id: _told_and(seat.kept) for seat in view.hushed if seat.kept is not None}
    verdicts |= {seat.member.episode_id: _told_and(seat.end_held) for seat in view.unended if seat.end_held is not None}
    counts = dict.fromkeys(Standing, 0)
    for verdict in verdicts.values():
        counts[Standing(verdict.outcome)] += 1
    open_ends = [seat.alert for seat in view.seats if view.ledger.believed.members.get(seat.member.episode_id)]
    held = len(view.unended)
    ended = sum(not alert.firing for alert in open_ends) - held
    books = Standings(
        members=len(view.seats),
        told=counts[Standing.TOLD],
        undeliverable=counts[Standing.UNDELIVERABLE],
        suppressed=counts[Standing.SUPPRESSED],
        held=counts[Standing.HELD],
        due=counts[Standing.DUE],
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
    wanting = [view for view in views if view.want.state is Told.FIRING]
    return bool(wanting) and all(view.ledger.believed.state is not Told.FIRING and _fails(view, now) for view in wanting)


def _fails(view: View, now: int) -> bool:
    """A dead letter, or something to say that has been tried in vain for so long that people should hear of it."""
    ledger = view.ledger
    owes = view.want != ledger.believed or ledger.owed or ledger.intent is not None
    tried = ledger.failing_since and (ledger.fell_back_at or now - ledger.failing_since > SILENT_FAILURE)
    return bool(ledger.dead or (owes and tried))


def reasons(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """How many verdicts have which reason, in an order of its own, so that equal counts are equal records."""
    found: dict[str, int] = {}
    for verdict in verdicts:
        found[verdict.reason.value] = found.get(verdict.reason.value, 0) + 1
    return dict(sorted(found.items()))


def _standing(view: View, seat: Seat, now: int) -> Verdict:
    ledger, rule = view.ledger, seat.legs[0].rule if seat.legs else ""
    if seat.member.episode_id in ledger.believed.members:
        return Verdict(Standing.TOLD, Reason.DELIVERED, rule)
    if ledger.dead:
        return Verdict(Standing.UNDELIVERABLE, Reason.DEAD_LETTER, rule)
    if seat.kept is not None:
        return seat.kept
    if not seat.alert.firing:
        return Verdict(Standing.SUPPRESSED, Reason.ENDED_UNTOLD, rule)
    if ledger.believed.state is Told.FIRING and view.due > now:
        return Verdict(Standing.HELD, Reason.UPDATE_INTERVAL, rule, view.due)
    if view.due > now:
        return Verdict(Standing.HELD, Reason.GROUP_WAIT, rule, view.due)
    return Verdict(Standing.DUE, Reason.WAITING_TO_SEND, rule, view.due)


def _told_and(kept: Verdict) -> Verdict:
    """It stays told; the reason says why no news of it are, or no end."""
    return Verdict(Standing.TOLD, kept.reason, kept.rule, kept.until, kept.because)
