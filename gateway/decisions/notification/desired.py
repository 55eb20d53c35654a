"""Decide what a target should have been notified of while something
fires there, and why a change may not wait.
"""

from __future__ import annotations

from gateway.decisions.notification.pages import shown_message_link, shown_pages
from gateway.decisions.notification.shown_texts import mark_texts
from gateway.decisions.notification.view import TargetMember, View
from gateway.model.incident import Escalation, Incident, alert_of
from gateway.model.ledger import LastNotified, NotifiedState
from gateway.model.rules.destination import Destination
from gateway.model.rules.route import Route
from gateway.model.verdict import NotifyReason, Reason

COVERING = frozenset({Reason.SILENCED, Reason.SNOOZED})
"""A person's own words that nobody is to be called, for which a page is acknowledged."""

ORDERED = COVERING | {Reason.PAUSED}
"""What a person orders until a time, and may order until another one later."""


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
        covered_by=_covered_by(view, taken=who is not None) if paged else "",
        left_out=told.left_out if _is_limited(view) else incident.left_out,
        elsewhere=view.elsewhere,
        by_bypass=view.bypassed and (told.state is not NotifiedState.FIRING or told.by_bypass),
        pages=shown_pages(view),
        message_link=shown_message_link(view),
        rang_again=_rang_again(view, incident) if paged else 0,
        quieted_by=_quieted_by(view),
    )


def _quieted_by(view: View) -> str:
    """Return the order of a person that the message names, with its end: another end has to be shown too."""
    # To say it once more would be one more mail.
    if _is_limited(view):
        return view.ledger.last_notified.quieted_by
    quieted = view.silenced_after_notify
    verdict = quieted[0].suppressed_by if quieted else None
    if verdict is None or verdict.reason not in ORDERED:
        return ""
    return f"{verdict.rule} until {verdict.until}"


def _rang_again(view: View, incident: Incident) -> int:
    """Return in how many further rounds this page calls people, by the route that has most of them."""
    routes = {recipient.route.name: recipient.route for recipient in view.recipients if recipient.page}
    rounds = [
        _round_at({view.ledger.destination, *view.covers}, route, incident.escalations[name])
        for name, route in routes.items()
        if name in incident.escalations
    ]
    told = view.ledger.last_notified
    return max([round_ - 1 for round_ in rounds], default=told.rang_again if told.paged else 0)


def _round_at(destinations: set[str], route: Route, escalation: Escalation) -> int:
    """Return the newest round in which the route calls a destination, or one that it stands in for: at once
    where the route names it itself, else when a step does.
    """
    steps = [position for position, step in enumerate(route.escalate) if destinations.intersection(step.page)]
    if destinations & route.paging or not steps:
        return escalation.round
    reached = escalation.reached
    return max((reached[position] for position in steps if position in reached), default=1)


def _texts(view: View, shown: list[TargetMember]) -> str:
    return view.ledger.last_notified.texts if _is_limited(view) else mark_texts(shown)


def _is_limited(view: View) -> bool:
    """Return whether an update is a new mail: a new value alone is worth none."""
    return view.destination is not None and view.destination.via.update_limit is not None


def _covered_by(view: View, *, taken: bool) -> str:
    """Return the silence or the snooze for which a page stays acknowledged; empty where
    people are to be called.

    Only a page that can be acknowledged is: it would go on calling people. `taken` says that a person has it.
    """
    if view.firing or view.destination is None or not view.destination.via.acknowledges:
        return ""
    verdicts = [member.suppressed_by for member in (*view.silenced_after_notify, *view.resolve_pending)]
    # An end that is not believed yet is kept quiet by nothing: for people it fires.
    if None in verdicts:
        return ""
    rules = [verdict.rule for verdict in verdicts if verdict is not None and verdict.reason in COVERING]
    if rules and len(rules) == len(verdicts):
        return rules[0]
    told = view.ledger.last_notified
    if told.state is not NotifiedState.FIRING:
        return ""
    # The silence is over, or nobody has the page any more, and maintenance, a mute, a pause or an inhibition
    # still keeps it quiet: whoever is on call is called once nothing does any more.
    lapsed = f"the acknowledgement by {told.acknowledged_by}" if told.acknowledged_by and not taken else ""
    return told.covered_by or lapsed


def resumes(told: LastNotified, desired: LastNotified, destination: Destination | None) -> bool:
    """Return whether a page has to call people anew, since its vendor calls nobody
    about what is acknowledged.
    """
    # It was acknowledged for a silence, and is kept quiet no longer.
    if is_uncovered(told, desired):
        return True
    # It got worse than what a person took, or that person has given it back: nobody has it now. Where nothing
    # can be acknowledged, as in a channel, the message says so and is no new one.
    lapsed = bool(told.acknowledged_by) and _calls_now(told, desired)
    # It got worse while nobody had it, and the rules escalate: a page that only grows calls nobody.
    lapsed = lapsed or (desired.rang_again > told.rang_again and told.paged and _calls_now(told, desired))
    return lapsed and destination is not None and destination.via.acknowledges


def is_uncovered(told: LastNotified, desired: LastNotified) -> bool:
    """Return whether a page that was acknowledged for a silence is kept quiet no longer.

    A person who has acknowledged it has it, whatever became of the silence.
    """
    return bool(told.covered_by) and _calls_now(told, desired)


def _calls_now(told: LastNotified, desired: LastNotified) -> bool:
    fires_on = told.state is NotifiedState.FIRING and desired.state is NotifiedState.FIRING
    return fires_on and not (desired.covered_by or desired.acknowledged_by)


def quieted_alerts(told: LastNotified) -> set[str]:
    """Return the alerts that were said to be kept quiet; what fires again meanwhile is the same alert."""
    return set(map(alert_of, told.silenced_after_notify))


def _hushed_alerts(told: LastNotified) -> set[str]:
    """Return the alerts that were said to be kept quiet by a person's own words."""
    quieted = told.silenced_after_notify.items()
    return {alert_of(episode) for episode, reason in quieted if reason in COVERING}


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
    if is_uncovered(before, after) or after.rang_again > before.rang_again:
        # The vendor calls nobody about what is acknowledged, or open since an earlier round: a new page
        return NotifyReason.FIRING_AGAIN
    if (after.covered_by and not before.covered_by) or _hushed_alerts(after) - _hushed_alerts(before):
        # Whoever made the silence wants nobody to be called by it any more, and sees at once that it holds
        return NotifyReason.SILENCED
    if before.quieted_by and after.quieted_by and after.quieted_by != before.quieted_by:
        # Whoever gave the silence another end, or made one that lasts longer, sees at once that it holds
        return NotifyReason.SILENCED
    if quieted_alerts(before) - quieted_alerts(after):
        # A member that was kept quiet is no longer: its suppression ended, or the alert did
        return NotifyReason.SUPPRESSION_ENDED
    if before.quiet:
        # The message says that nothing fires, and that is no longer so
        return NotifyReason.FIRING_AFTER_QUIET
    return None
