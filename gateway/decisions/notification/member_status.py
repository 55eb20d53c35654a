"""Say what each member is to a target and why, and count how many are what.

The counts feed two of the invariants: each member of a target is exactly one of told, undeliverable,
suppressed, held and due; and everybody who was told of a firing is told of its end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from gateway.decisions.notification.view import TargetMember, View
from gateway.model.durations import MINUTE
from gateway.model.incident import StatusCounts
from gateway.model.ledger import NotifiedState
from gateway.model.verdict import MemberStatus, NotifyReason, Reason, Verdict

NO_ANSWER = "no answer so far: it may have arrived, and is sent again"
SILENT_FAILURE_MS = 2 * MINUTE  # a destination that fails for longer raises an alert of our own


def count_statuses(view: View, now: int) -> tuple[StatusCounts, dict[str, Verdict]]:
    """Return how many members are what to this target, and each member's verdict by episode."""
    verdicts = {member.episode_id: _status_of(view, member, now) for member in view.members}
    pending = view.resolve_pending
    # A silence takes back nothing: the member stays told, since people here are still owed its end.
    for member in view.silenced_after_notify:
        if member.suppressed_by is not None:
            verdicts[member.episode_id] = _told_and(member.suppressed_by)
    for member in pending:
        told = member.episode_id in view.ledger.last_notified.members
        if told and member.resolve_held_by is not None:
            verdicts[member.episode_id] = _told_and(member.resolve_held_by)
    by_status = dict.fromkeys(MemberStatus, 0)
    for outcome, count in Counter([verdict.outcome for verdict in verdicts.values()]).items():
        by_status[MemberStatus(outcome)] += count
    open_ends = [
        member for member in view.members if view.ledger.last_notified.members.get(member.episode_id)
    ]
    waiting = {member.member.alert for member in pending}
    over = [member.member.alert for member in open_ends if not member.alert.firing]
    held = sum(alert in waiting for alert in over)
    ended = len(over) - held
    counts = StatusCounts(
        members=len(view.members),
        told=by_status[MemberStatus.TOLD],
        undeliverable=by_status[MemberStatus.UNDELIVERABLE],
        suppressed=by_status[MemberStatus.SUPPRESSED],
        held=by_status[MemberStatus.HELD],
        due=by_status[MemberStatus.DUE],
        telling_firing=len(open_ends) - ended - held,
        # An end behind a dead letter waits for news or a person; counted as due, it would look late.
        ends_due=0 if view.ledger.dead else ended,
        ends_undeliverable=ended if view.ledger.dead else 0,
        reasons=reasons(verdicts.values()),
        failing=view.ledger.destination if fails(view, now) else "",
        ends_held=held,
    )
    return counts, verdicts


def fails(view: View, now: int) -> bool:
    """Return whether the target has a dead letter, or was tried in vain for so long that people should hear
    of it.
    """
    ledger = view.ledger
    # A short outage is ridden out. The own alert comes when the fallback took over, or after two minutes.
    tried = ledger.failing_since and (ledger.fell_back_at or now - ledger.failing_since > SILENT_FAILURE_MS)
    # A target that is owed nothing does not fail, whenever its last try was: nobody waits for it.
    return bool(ledger.dead or (is_owed_anything(view) and tried))


def is_owed_anything(view: View) -> bool:
    """Return whether there is news, or a note, that the target waits for."""
    ledger = view.ledger
    return bool(view.differs or ledger.pending_notes or ledger.intent is not None)


def reasons(verdicts: Iterable[Verdict]) -> dict[str, int]:
    """Count the verdicts by reason, sorted by name, so that equal counts are equal records."""
    found = Counter([verdict.reason for verdict in verdicts])
    return dict(sorted((reason.value, count) for reason, count in found.items()))


def _status_of(view: View, member: TargetMember, now: int) -> Verdict:
    ledger, rule = view.ledger, member.recipients[0].rule if member.recipients else ""
    due, waits = view.due, view.due is not None and view.due > now
    # Told goes before every other status, so that each member has exactly one and the counts balance.
    if member.episode_id in ledger.last_notified.members:
        if ledger.log_only:
            return Verdict(MemberStatus.TOLD, Reason.LOG_ONLY, rule, because=f"{ledger.log_only} is not set")
        # Nobody has answered yet: it counts as told, since people may have it and are owed its end then.
        unanswered = ledger.first_notified_at is None and ledger.unconfirmed_since is not None
        because = NO_ANSWER if unanswered else ""
        return Verdict(MemberStatus.TOLD, Reason.DELIVERED, rule, because=because)
    if ledger.dead:
        # The vendor refused the notification for good: somebody has to look at the dead letter.
        return Verdict(MemberStatus.UNDELIVERABLE, Reason.DEAD_LETTER, rule)
    # A rule or a person keeps the member quiet; that verdict tells which, and until when.
    if member.suppressed_by is not None:
        return member.suppressed_by
    if not member.alert.firing:
        # It came and went before anybody had to be told, and nobody is.
        return Verdict(MemberStatus.SUPPRESSED, Reason.ENDED_UNTOLD, rule)
    if ledger.last_notified.state is NotifiedState.FIRING and (
        waits or view.reason is NotifyReason.UPDATE_LEFT_OUT
    ):
        # It joins a message that people have already; the next edit shows it.
        return Verdict(MemberStatus.HELD, Reason.UPDATE_INTERVAL, rule, due)
    if _is_joining(view, member, now):
        # More may join in this second; people know of the incident, and one edit shows all of them.
        return Verdict(MemberStatus.HELD, Reason.JOINING, rule, view.joining.until if view.joining else None)
    if waits:
        # The first message waits a moment for what belongs to it.
        return Verdict(MemberStatus.HELD, Reason.GROUP_WAIT, rule, due)
    # Nothing keeps people from being told: the notification goes out as soon as the vendor takes it.
    return Verdict(MemberStatus.DUE, Reason.WAITING_TO_SEND, rule, due)


def _is_joining(view: View, member: TargetMember, now: int) -> bool:
    """Return whether the member has joined and waits for the plan of all that join now."""
    joining = view.joining
    return joining is not None and now < joining.until and member.member.joined_at >= joining.since


def _told_and(verdict: Verdict) -> Verdict:
    """Return the verdict on a member that stays told, with the reason why no news of it are sent, or no end."""
    return Verdict(MemberStatus.TOLD, verdict.reason, verdict.rule, verdict.until, verdict.because)
