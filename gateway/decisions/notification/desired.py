"""What a target should have been notified of while something fires there, and why a change may not wait."""

from __future__ import annotations

from gateway.decisions.notification.pages import shown_message_link, shown_pages
from gateway.decisions.notification.shown_texts import mark_texts
from gateway.decisions.notification.view import TargetMember, View
from gateway.model.incident import Incident, alert_of
from gateway.model.ledger import LastNotified, NotifiedState
from gateway.model.verdict import NotifyReason, Reason


def desired_while_firing(view: View, incident: Incident, *, paged: bool) -> LastNotified:
    told, who = view.ledger.last_notified, incident.acknowledged
    firing, silenced, pending = view.firing, view.silenced_after_notify, view.resolve_pending
    goes_on = told.state in (NotifiedState.FIRING, NotifiedState.CLOSED)
    # A message that goes on still shows what has ended meanwhile; one that fires anew begins with what fires.
    shown = dict.fromkeys(told.members, False) if goes_on else {}
    return LastNotified(
        state=NotifiedState.FIRING,
        # Suppressed members do not raise the severity, unless there are no others.
        severity=max(member.alert.severity for member in [*firing, *pending] or silenced),
        members=shown | {member.episode_id: True for member in [*firing, *silenced, *pending]},
        acknowledged_by=who.by if who else "",
        paged=paged,
        covers=dict(view.covers),
        silenced_after_notify={
            member.episode_id: member.suppressed_by.reason.value
            for member in silenced
            if member.suppressed_by is not None
        },
        texts=_texts(view, [*firing, *silenced, *pending]),
        covered_by=_covered_by(view) if paged else "",
        left_out=told.left_out if _is_limited(view) else incident.left_out,
        elsewhere=view.elsewhere,
        by_bypass=view.bypassed and (told.state is not NotifiedState.FIRING or told.by_bypass),
        pages=shown_pages(view),
        message_link=shown_message_link(view),
    )


def _texts(view: View, shown: list[TargetMember]) -> str:
    return view.ledger.last_notified.texts if _is_limited(view) else mark_texts(shown)


def _is_limited(view: View) -> bool:
    """Return whether an update is a new mail: a new value alone is worth none."""
    return view.destination is not None and view.destination.via.update_limit is not None


def _covered_by(view: View) -> str:
    """Return the silence for which a page stays acknowledged; empty where people are to be called.

    Only a page that can be acknowledged is: it would go on calling people.
    """
    if view.firing or view.destination is None or not view.destination.via.acknowledges:
        return ""
    verdicts = [member.suppressed_by for member in (*view.silenced_after_notify, *view.resolve_pending)]
    # An end that is not believed yet is kept quiet by nothing: for people it fires.
    if None in verdicts:
        return ""
    rules = [
        verdict.rule for verdict in verdicts if verdict is not None and verdict.reason is Reason.SILENCED
    ]
    if rules and len(rules) == len(verdicts):
        return rules[0]
    told = view.ledger.last_notified
    # The silence is over, and maintenance, a mute, a pause or an inhibition still keeps the page quiet: whoever
    # is on call is called once nothing does any more.
    return told.covered_by if told.state is NotifiedState.FIRING else ""


def resumes(told: LastNotified, desired: LastNotified) -> bool:
    """Return whether a page calls people anew: it was acknowledged for a silence, and is kept quiet no longer.

    A person who has acknowledged it has it, whatever became of the silence.
    """
    return (
        told.state is NotifiedState.FIRING
        and desired.state is NotifiedState.FIRING
        and bool(told.covered_by)
        and not (desired.covered_by or desired.acknowledged_by)
    )


def quieted_alerts(told: LastNotified) -> set[str]:
    """Return the alerts that were said to be kept quiet; what fires again meanwhile is the same alert."""
    return set(map(alert_of, told.silenced_after_notify))


def why_at_once(before: LastNotified, after: LastNotified) -> NotifyReason | None:
    """Return why a change may not wait for `update_interval`; None where it may."""
    if after.severity > before.severity:
        return NotifyReason.SEVERITY_ROSE  # it got worse: whoever has decided to sleep has to know
    if after.paged > before.paged:
        return NotifyReason.PAGE_WHEN_MET  # from now on it interrupts a person
    if after.acknowledged_by != before.acknowledged_by:
        # Others see at once that somebody has it, or that this no longer holds
        return NotifyReason.ACKNOWLEDGEMENT_CHANGED
    if after.covers != before.covers:
        # A destination that cannot be reached is stood in for, or is back
        return NotifyReason.FALLBACK_CHANGED
    if resumes(before, after):
        return NotifyReason.FIRING_AGAIN  # the vendor calls nobody about what is acknowledged: a new page
    if after.covered_by and not before.covered_by:
        return NotifyReason.SILENCED  # whoever made the silence wants nobody to be called by it any more
    if quieted_alerts(before) - quieted_alerts(after):
        # A member that was kept quiet is no longer: its suppression ended, or the alert did
        return NotifyReason.SUPPRESSION_ENDED
    if before.quiet:
        # The message says that nothing fires, and that is no longer so
        return NotifyReason.FIRING_AFTER_QUIET
    return None
